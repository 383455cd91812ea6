"""The people behind the numbers: a list with filters, and a file that no spreadsheet runs."""

import csv
import io
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from difusio.accounts.models import AuditEntry, Role, Workspace
from difusio.campaigns.models import Campaign
from difusio.common.keyring import keyring
from difusio.console.pages import recipients as pages
from difusio.contacts.models import Contact
from difusio.outbox.claim import CONTENT
from difusio.outbox.models import Attempt, Delivery, State
from tests.cast import identity
from tests.console import cast


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    """A campaign with somebody in each of some states."""
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, {"audience": 6, ("skipped", "withdrawn"): 1, "accepted": 3, "read": 1})
    for first_name, facts in (
        ("Asha", {"state": State.READ, "read_at": cast.NOON, "replied_at": cast.NOON}),
        ("Bilal", {"state": State.SKIPPED, "reason": "withdrawn"}),
        ("Chen", {"state": State.SKIPPED, "reason": "no_consent"}),
        ("Dunia", {"state": State.FAILED, "code": 131026}),
        ("Enric", {"state": State.DELIVERED, "left_at": cast.NOON}),
        ("Fàtima", {"state": State.QUEUED}),
    ):
        delivery = cast.make_delivery(campaign, first_name)
        Delivery.objects.filter(pk=delivery.pk).update(**facts)
    return campaign


def _names(client: Client, campaign: Campaign, query: str = "") -> set[str]:
    answer = client.get(f"/campaigns/{campaign.pk}/people/?{query}")
    assert answer.status_code == 200
    page = answer.content.decode()
    return {name for name in ("Asha", "Bilal", "Chen", "Dunia", "Enric", "Fàtima") if f">{name} </a>" in page}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Asha", "Bilal", "Chen", "Dunia", "Enric", "Fàtima"}),
        ("state=planned", {"Asha", "Bilal", "Chen", "Dunia", "Enric", "Fàtima"}),
        ("state=skipped", {"Bilal", "Chen"}),
        ("state=skipped&reason=withdrawn", {"Bilal"}),
        ("state=accepted", {"Asha", "Dunia", "Enric"}),
        ("state=delivered", {"Asha", "Enric"}),
        ("state=read", {"Asha"}),
        ("state=replied", {"Asha"}),
        ("state=left", {"Enric"}),
        ("state=failed", {"Dunia"}),
        ("state=failed&reason=131026", {"Dunia"}),
        ("state=failed&reason=131049", set()),
        ("state=waiting", {"Fàtima"}),
        ("state=parked", set()),
        ("name=ash", {"Asha"}),
        ("name=fàT", {"Fàtima"}),
        ("state=skipped&name=ash", set()),
        ("state=replied&name=ash", {"Asha"}),
        ("name=%25", set()),
        ("name=_", set()),
        ("state=skipped&reason=%27%20OR%20true--", set()),
    ],
)
def it_shows_the_people_behind_a_number(
    client: Client, campaign: Campaign, query: str, shown: set[str]
) -> None:
    assert _names(client, campaign, query) == shown


def it_says_who_may_have_got_it_twice(client: Client, campaign: Campaign) -> None:
    twice = Delivery.objects.get(contact__first_name="Asha")
    for is_second in (False, True):
        Attempt.objects.create(
            delivery=twice,
            number=twice.number,
            token=uuid4(),
            epoch=1,
            intended_at=cast.NOON,
            content_sealed=keyring().seal(b'{"values":{}}', purpose=CONTENT),
            is_possible_duplicate=is_second,
        )

    people = client.get(f"/campaigns/{campaign.pk}/people/").content.decode()
    head, *rows = _rows(client, campaign)
    person = client.get(f"/contacts/{twice.contact_id}/").content.decode()
    another = client.get(f"/contacts/{Contact.objects.get(first_name='Dunia').pk}/").content.decode()

    assert people.count("may have got it twice") == 1
    marked = head.index("Possible duplicate")
    assert {row[head.index("First name")]: row[marked] for row in rows if row[marked]} == {"Asha": "yes"}
    assert person.count("may have got it twice") == 1
    assert "may have got it twice" not in another


def it_says_how_many_they_are_by_the_counters(client: Client, campaign: Campaign) -> None:
    page = client.get(f"/campaigns/{campaign.pk}/people/?state=accepted").content.decode()

    assert " ".join(page.split("<h1>")[1].split("</h1>")[0].split()) == (
        'Accepted: 3 <span class="quiet">of 6 planned</span>'
    )


def it_says_why_somebody_got_nothing(client: Client, campaign: Campaign) -> None:
    page = client.get(f"/campaigns/{campaign.pk}/people/?state=failed").content.decode()

    assert "This person cannot be reached on WhatsApp." in page
    assert "131026" in page


def it_knows_no_other_state(client: Client, campaign: Campaign) -> None:
    assert client.get(f"/campaigns/{campaign.pk}/people/?state=claimed").status_code == 404


@pytest.mark.parametrize("query", ["after=x", "after=-1", f"after={'9' * 40}", "name=%00", "reason=%00"])
def it_takes_no_notice_of_nonsense(client: Client, campaign: Campaign, query: str) -> None:
    assert client.get(f"/campaigns/{campaign.pk}/people/?{query}").status_code == 200


def it_goes_on_from_page_to_page_and_keeps_the_filter(
    client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    first = client.get(f"/campaigns/{campaign.pk}/people/?state=accepted").content.decode()
    second = Delivery.objects.order_by("pk").filter(state=State.FAILED).get()

    assert f'href="?state=accepted&amp;after={second.pk}"' in first
    assert _names(client, campaign, f"state=accepted&after={second.pk}") == {"Enric"}


@pytest.mark.parametrize("more", [0, 3])
def it_costs_seven_queries_for_six_people_and_for_nine(
    client: Client, campaign: Campaign, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(more):
        cast.make_delivery(campaign, "Asha")

    # Session, user, workspaces, campaign, batches, people, counters.
    with django_assert_num_queries(7):
        client.get(f"/campaigns/{campaign.pk}/people/")


def _rows(client: Client, campaign: Campaign, query: str = "") -> list[list[str]]:
    answer = client.get(f"/campaigns/{campaign.pk}/people.csv?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "attachment" in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # a streamed answer
    return list(csv.reader(io.StringIO(text)))


def it_hands_out_a_file_in_the_readers_language_and_zone(client: Client, campaign: Campaign) -> None:
    client.post("/language/", {"language": "ca", "next": "/"})

    head, row = _rows(client, campaign, "state=read")

    assert head[2:6] == ["Nom", "Cognoms", "Estat", "Motiu"]
    assert row[2:6] == ["Asha", "", "Llegit", ""]
    assert row[10] == "2026-11-20 12:00:00"


def it_writes_nothing_that_a_spreadsheet_would_run(client: Client, campaign: Campaign) -> None:
    cast.make_delivery(campaign, "=HYPERLINK(1)")

    assert [row[2] for row in _rows(client, campaign)][-1] == "'=HYPERLINK(1)"


def it_gives_phones_to_who_answers_for_privacy_alone(
    client: Client, workspace: Workspace, campaign: Campaign
) -> None:
    asha = Delivery.objects.get(state=State.READ).contact
    identity(asha, "phone", "+34600000101", country="ES")
    marta = Client()
    marta.force_login(cast.make_member(workspace, "marta@forn.example", Role.MARKETER))

    assert _rows(client, campaign, "state=read")[1][-2] == "'+34600000101"
    assert "+34600000101" not in str(_rows(marta, campaign))

    exported = AuditEntry.objects.filter(act="campaign.people_exported").order_by("seq")
    assert [entry.details["with_identities"] for entry in exported] == [True, False]


def it_reads_a_file_page_by_page(client: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("difusio.reports.recipients._PAGE_ROWS", 2)

    assert len(_rows(client, campaign)) == 7
