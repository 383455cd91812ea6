"""The service desk: who waits, what they wrote, and the answer that is sent within the window."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import translation

from difusio.accounts.models import Workspace
from difusio.console.durations import in_words
from difusio.inbox.models import Conversation, Message
from difusio.numbers.models import Number
from difusio.outbox.models import Delivery, ServiceWindow
from tests.console import cast
from tests.console.tour.conversations import write

NBSP = "\u00a0"


@pytest.fixture
def number(workspace: Workspace) -> Number:
    return cast.make_number(workspace)


def _answer(client: Client, contact: int, text: str, **facts: object) -> str:
    last = Message.objects.order_by("-id").values_list("id", flat=True)[0]
    told = {"text": text, "seen": last, "once": uuid4(), **facts}
    answer = client.post(f"/conversations/{contact}/answer/", told, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def it_lists_who_waits_the_longest_first_and_says_how_much_of_the_window_is_left(
    client: Client, number: Number
) -> None:
    write(number, "Asha", "Bon dia", minutes_ago=200)
    write(number, "Bilal", "Bona tarda", minutes_ago=1_400)

    page = client.get("/conversations/").content.decode()

    assert page.index("Bilal") < page.index("Asha")
    assert f"waits 3{NBSP}h 20{NBSP}min" in page
    assert f"39{NBSP}min left to answer" in page
    assert '<span class="ways-n"><span aria-hidden="true">2</span>' in page


def it_finds_people_as_the_list_of_contacts_does(client: Client, number: Number) -> None:
    write(number, "Mercè Guanyabens", "Bon dia", minutes_ago=1, phone="+34600000077")
    write(number, "Bilal", "Bona tarda", minutes_ago=2)

    for sought in ("guany+merce", "0077"):
        page = client.get(f"/conversations/?q={sought}").content.decode()
        assert "Mercè Guanyabens" in page
        assert "Bilal" not in page
    assert "Nobody here is called “guany x”." in client.get("/conversations/?q=guany+x").content.decode()


def it_goes_on_behind_the_last_row_whatever_came_meanwhile(client: Client, number: Number) -> None:
    for place in range(32):
        write(number, f"N{place:02}", "Hola", minutes_ago=100 - place)
    first = client.get("/conversations/").content.decode()
    more = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    write(number, "Newest", "Hola", minutes_ago=0)

    second = client.get(more).content.decode()

    assert [name for name in ("N29", "N30", "N31", "Newest") if f">{name}" in second.replace("\n", "")] == [
        "N30", "N31", "Newest",
    ]  # fmt: skip
    assert client.get("/conversations/?after=zzz_1").status_code == 200
    assert client.get(f"/conversations/?after={'9' * 30}_1").status_code == 200


def it_answers_and_lets_nobody_wait_any_longer(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "A quina hora tanqueu?", minutes_ago=5)

    page = _answer(client, contact, "A les nou <b>en punt</b>.")

    assert "A les nou &lt;b&gt;en punt&lt;/b&gt;." in page
    assert "queued" in page
    assert "Nobody waits" in client.get("/conversations/").content.decode()


def it_keeps_the_words_of_an_answer_that_could_not_be_sent(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "Hola", minutes_ago=5)
    Number.objects.update(stopped_for="190")

    page = _answer(client, contact, "Fins demà")

    assert "Nothing may leave from this number at the moment" in page
    assert ">Fins demà</textarea>" in page
    assert "open the conversation again" in _answer(client, contact, "Fins demà", once="x")


def it_says_why_nobody_can_be_answered_after_a_day(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "Hola", minutes_ago=60 * 25)

    page = client.get(f"/conversations/{contact}/").content.decode()

    assert "Their window is closed" in page
    assert "<textarea" not in page
    assert "more than 24 hours" in _answer(client, contact, "Hola").lower()
    assert not Delivery.objects.exists()


def it_leads_on_when_somebody_needs_no_answer(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "Gràcies!", minutes_ago=5)
    last = Message.objects.get().pk

    answer = client.post(f"/conversations/{contact}/done/", {"seen": last})

    assert answer["Location"] == "/conversations/"
    assert Conversation.objects.get().waiting_since is None


def it_hands_over_the_chat_alone_to_a_page_that_asks_again(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "Hola", minutes_ago=5)
    headers = {"HX-Request": "true"}

    news = client.get(f"/conversations/{contact}/?seen=0", headers=headers).content.decode()
    same = client.get(f"/conversations/{contact}/?seen={Message.objects.get().pk}", headers=headers)

    assert "<html" not in news
    assert "A new message came in." in news
    assert "A new message came in." not in same.content.decode()
    assert "<html" not in client.get("/conversations/", headers=headers).content.decode()


def it_brings_the_form_when_the_window_opens_and_takes_it_when_it_closes(
    client: Client, number: Number
) -> None:
    contact = write(number, "Asha", "Hola", minutes_ago=5)
    seen = Message.objects.get().pk

    def news(was_open: str) -> str:
        address = f"/conversations/{contact}/?seen={seen}{was_open}"
        return client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert f"?seen={seen}&amp;open=1" in client.get(f"/conversations/{contact}/").content.decode()
    # Nothing is swapped below somebody's typing.
    assert 'id="answering"' not in news("&open=1")
    assert 'id="answering"' not in news("")
    opened = news("&open=0")
    assert '<div id="answering" hx-swap-oob="innerHTML">' in opened
    assert '<form class="answer" id="answer"' in opened
    ServiceWindow.objects.update(closes_at=cast.NOON - timedelta(days=400))
    closed = news("&open=1")
    assert "Their window is closed" in closed
    assert "Their window has closed." in closed
    assert "<textarea" not in closed
    assert 'id="answering"' not in news("&open=0")


def it_leads_whoever_reads_an_answers_address_to_the_conversation(client: Client, number: Number) -> None:
    contact = write(number, "Asha", "Hola", minutes_ago=5)

    assert client.get(f"/conversations/{contact}/answer/")["Location"] == f"/conversations/{contact}/"


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, "less than 1 min"),
        (59, "59 min"),
        (60, "1 h"),
        (200, "3 h 20 min"),
        (2 * 24 * 60 - 1, "47 h 59 min"),
        (2 * 24 * 60, "2 days"),
    ],
)
def it_says_how_long_something_lasts(minutes: int, told: str) -> None:
    with translation.override("en"):
        assert in_words(timedelta(minutes=minutes, seconds=59 if minutes else 30)).replace(NBSP, " ") == told
