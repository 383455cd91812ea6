"""The drain folds in what came, once, whatever it is and in whatever order it came."""

import json
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.consent.models import Standing
from difusio.contacts.models import Contact, Identity
from difusio.inbox.models import Message
from difusio.log.models import Post
from difusio.log.port import FOREIGN, Lane
from difusio.log.table_reader import TableReader
from difusio.message_templates.models import Template
from difusio.numbers.models import Number as NumberRow
from difusio.numbers.models import Portfolio
from difusio.numbers.renew import let_go_on
from difusio.outbox.models import Delivery
from difusio.receiving.drain import Drained, drain, run, tidy
from difusio.receiving.models import SeenEvent
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import accepted, batch, frozen, hold, states, tallies

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = "+34600111222"
SECONDS = int(NOON.timestamp())


def received(*posts: object, lane: Lane = Lane.STATUSES) -> None:
    """Put raw posts into the log, as the receiver does."""
    for post in posts:
        body = post if isinstance(post, bytes) else json.dumps(post).encode()
        Post.objects.create(lane=lane, received_at=NOON, sealed_body=keyring().seal(body, purpose="log.body"))


def drained(lane: Lane = Lane.STATUSES, limit: int = 100) -> Drained:
    return drain(TableReader(keyring()), lane=lane, limit=limit)


def unread() -> int:
    return Post.objects.filter(folded_at=None, quarantined_reason="").count()


def webhook(of: Shop, value: dict[str, Any], *, field: str = "messages") -> dict[str, Any]:
    if field == "messages":
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "34972000000", "phone_number_id": of.number.phone_number_id},
            **value,
        }
    change = {"value": value, "field": field}
    return {"object": "whatsapp_business_account", "entry": [{"id": of.number.waba_id, "changes": [change]}]}


def status(of: Shop, token: str, word: str, *, code: int | None = None, at: int = SECONDS) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": f"wamid.{token}",
        "status": word,
        "timestamp": str(at),
        "recipient_id": "34600111222",
        "biz_opaque_callback_data": token,
    }
    if code is not None:
        told["errors"] = [{"code": code, "title": "refused"}]
    return webhook(of, {"statuses": [told]})


def text(of: Shop, body: str, *, wamid: str = "wamid.in1", sender: str = PHONE) -> dict[str, Any]:
    digits = sender.removeprefix("+")
    return webhook(
        of,
        {
            "contacts": [{"profile": {"name": "Asha"}, "wa_id": digits}],
            "messages": [
                {
                    "from": digits,
                    "id": wamid,
                    "timestamp": str(SECONDS),
                    "type": "text",
                    "text": {"body": body},
                }
            ],
        },
    )


def stopped_for(of: Shop) -> str:
    return NumberRow.objects.get(pk=of.number.pk).stopped_for


def sent_to_asha(of: Shop) -> str:
    agreed(of, phone=PHONE)
    frozen(of, batch(of))
    (token,) = accepted(of, hold(of)).values()
    return token.hex


def it_folds_statuses_and_settles_the_posts() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "sent"), status(ona, token, "delivered"), status(ona, token, "read"))

    assert drained() == Drained(posts=3, statuses=3)

    assert states(ona) == {"Asha": "read"}
    assert unread() == 0
    assert drained() == Drained(posts=0)


def it_counts_a_repeated_webhook_once() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "delivered"))
    drained()
    received(*(status(ona, token, "delivered") for _ in range(3)))

    drained()

    assert tallies(Delivery.objects.get().batch)["delivered"] == 1
    assert SeenEvent.objects.count() == 1


def it_sets_aside_what_is_no_webhook_and_folds_its_neighbours() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(b"{no json", status(ona, token, "read"), b"\x00\xff")

    assert drained() == Drained(posts=3, statuses=1, poison=2)

    assert states(ona) == {"Asha": "read"}
    assert Post.objects.exclude(quarantined_reason="").count() == 2


def it_takes_what_it_does_not_know_beside_what_it_does_and_delays_nothing() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    unknown_status = status(ona, token, "teleported")
    unknown_field = webhook(ona, {"some": "news"}, field="a_field_of_tomorrow")
    large = {**status(ona, token, "delivered"), "padding": "a" * (3 * 1024 * 1024)}
    received(unknown_status, unknown_field, b"{", large, status(ona, token, "read"))

    assert drained() == Drained(posts=5, statuses=2, poison=2)

    assert states(ona) == {"Asha": "read"}
    reasons = Post.objects.order_by("id").values_list("quarantined_reason", flat=True)
    assert list(reasons) == ["one of statuses that cannot be read", "", "not a webhook", "", ""]


def it_sets_aside_a_post_that_cannot_be_folded_and_folds_its_neighbours() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    # A code that no database takes: the statement fails for the whole batch.
    received(
        status(ona, token, "sent"),
        status(ona, token, "failed", code=99_999_999_999),
        status(ona, token, "delivered"),
    )

    drained()

    assert states(ona) == {"Asha": "delivered"}
    (aside,) = Post.objects.exclude(quarantined_reason="")
    assert aside.quarantined_reason.startswith("folding failed: ")
    assert "99" not in aside.quarantined_reason
    assert unread() == 0


def it_sets_aside_a_post_whose_row_the_store_finds_damaged(damaged_failures: None) -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "failed", code=131000), status(ona, token, "read"))

    drained()

    assert states(ona) == {"Asha": "read"}
    assert unread() == 0
    assert (
        Post.objects.exclude(quarantined_reason="").get().quarantined_reason
        == "folding failed: InternalError"
    )


@pytest.fixture
def damaged_failures() -> Iterator[None]:
    """Let PostgreSQL say what it says of a damaged page, whenever a failure is written down."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION damaged() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'invalid page' USING ERRCODE = 'data_corrupted'; END $$;"
            "CREATE TRIGGER damaged BEFORE UPDATE ON outbox_delivery"
            " FOR EACH ROW WHEN (NEW.failed_at IS NOT NULL) EXECUTE FUNCTION damaged()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION damaged CASCADE")


def it_takes_a_person_who_wrote_and_lets_them_go() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    received(text(ona, "STOP"), text(ona, "STOP"), lane=Lane.INBOUND)

    assert drained(Lane.INBOUND) == Drained(posts=2, messages=2)

    assert Standing.objects.get(contact=asha).may_write is False
    assert Message.objects.count() == 1
    assert Delivery.objects.filter(confirms__isnull=False).count() == 1


def it_sets_aside_what_is_about_a_number_or_an_account_that_nobody_here_has() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    known = status(ona, token, "read")
    foreign = json.loads(json.dumps(status(ona, token, "sent")).replace(ona.number.phone_number_id, "999"))
    both = {**known, "entry": [*known["entry"], *foreign["entry"]]}
    stop = json.loads(json.dumps(text(ona, "STOP")).replace(ona.number.phone_number_id, "999"))
    news = webhook(ona, {"event": "DISABLED_UPDATE"}, field="account_update")
    elsewhere = json.loads(json.dumps(news).replace(ona.number.waba_id, "888"))
    received(both, elsewhere)
    received(stop, lane=Lane.INBOUND)

    drained()
    drained(Lane.INBOUND)

    assert (Contact.objects.count(), Message.objects.count(), unread()) == (1, 0, 0)
    assert states(ona) == {"Asha": "read"}
    aside = Post.objects.order_by("id").values_list("quarantined_reason", "named")
    assert list(aside) == [
        (FOREIGN, sorted({"999", ona.number.phone_number_id, ona.number.waba_id})),
        (FOREIGN, ["888"]),
        (FOREIGN, sorted({"999", ona.number.waba_id})),
    ]


def it_forgets_after_a_month_what_was_never_ours_to_read() -> None:
    ona = shop()
    received(json.loads(json.dumps(text(ona, "STOP")).replace(ona.number.phone_number_id, "999")), b"{")
    drained()

    tidy(TableReader(keyring()), at=NOON + timedelta(days=31))

    assert [post.quarantined_reason for post in Post.objects.all()] == ["not a webhook"]


def it_holds_a_few_large_posts_at_a_time() -> None:
    large = b" " * (3 * 1024 * 1024)
    received(*(large for _ in range(5)))

    assert [drained().posts for _ in range(3)] == [3, 2, 0]


def it_folds_in_several_threads_without_counting_anything_twice() -> None:
    ona = shop()
    for place in range(40):
        agreed(ona, f"N{place}")
    into = batch(ona)
    frozen(ona, into)
    tokens = [token.hex for token in accepted(ona, hold(ona)).values()]
    words = [(token, word) for token in tokens for word in ("sent", "delivered", "read", "sent", "read")]
    Random(3).shuffle(words)
    received(*(status(ona, token, word) for token, word in words))
    received(text(ona, "Hola"), lane=Lane.INBOUND)
    stop = Event()
    thread = Thread(target=run, args=(TableReader(keyring()), stop))
    thread.start()

    deadline = monotonic() + 60
    while unread() and monotonic() < deadline:
        stop.wait(0.05)
    stop.set()
    thread.join()

    assert unread() == 0
    assert set(states(ona).values()) == {"read"}
    assert {k: n for k, n in tallies(into).items() if k != "replied"} == dict.fromkeys(
        ("audience", "accepted", "sent", "delivered", "read"), 40
    )
    assert Message.objects.count() == 1


def it_withdraws_a_consent_that_meta_says_was_withdrawn() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "failed", code=131050))

    drained()

    assert Standing.objects.get().may_write is False
    assert states(ona) == {"Asha": "failed"}


def it_follows_a_person_to_a_new_number() -> None:
    ona = shop()
    agreed(ona, phone=PHONE)
    change = {
        "from": PHONE.removeprefix("+"),
        "id": "wamid.change",
        "timestamp": str(SECONDS),
        "type": "system",
        "system": {"body": "changed", "wa_id": "34600333444", "type": "user_changed_number"},
    }
    received(webhook(ona, {"messages": [change]}), lane=Lane.INBOUND)

    drained(Lane.INBOUND)

    opened = [
        keyring().open(sealed, purpose="contacts.identity").decode()
        for sealed in Identity.objects.order_by("id").values_list("value_sealed", flat=True)
    ]
    assert opened == [PHONE, "+34600333444"]
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("event", "state"),
    [("PAUSED", "PAUSED"), ("DISABLED", "DISABLED"), ("REINSTATED", "APPROVED"), ("FLAGGED", "APPROVED")],
)
def it_hears_what_became_of_a_template(event: str, state: str) -> None:
    ona = shop()
    news = {
        "event": event,
        "message_template_id": 1,
        "message_template_name": "autumn",
        "message_template_language": "ca",
        "reason": None,
    }
    received(webhook(ona, news, field="message_template_status_update"))

    drained()

    assert Template.objects.get().status == state


def it_hears_that_a_number_may_send_faster() -> None:
    ona = shop()
    news = {
        "display_phone_number": "34972000000",
        "event": "THROUGHPUT_UPGRADE",
        "current_limit": "TIER_UNLIMITED",
    }
    received(webhook(ona, news, field="phone_number_quality_update"))

    drained()

    ona.number.refresh_from_db()
    assert ona.number.pace_per_s == 1_000


def it_hears_of_the_one_number_of_an_account_that_meta_names() -> None:
    ona, other = shop(), shop()
    NumberRow.objects.filter(pk=other.number.pk).update(
        waba_id=ona.number.waba_id, display_phone="+34 972 11 11 11"
    )
    Portfolio.objects.update(messaging_limit=250)
    for digits in ("34972111111", "34972222222"):
        news = {
            "display_phone_number": digits,
            "event": "THROUGHPUT_UPGRADE",
            "max_daily_conversations_per_business": "TIER_10K",
        }
        received(webhook(ona, news, field="phone_number_quality_update"))

    with capture_logs() as logged:
        drained()

    numbers = NumberRow.objects.order_by("id")
    assert list(numbers.values_list("pace_per_s", "portfolio__messaging_limit")) == [
        (80, 250),
        (1_000, 10_000),
    ]
    assert [line["event"] for line in logged] == ["drain.number_unknown"]
    assert "34972222222" not in str(logged)


def it_raises_a_number_and_its_limit_by_the_newest_news_alone() -> None:
    ona = shop()
    news = {"display_phone_number": "34972000000", "event": "THROUGHPUT_UPGRADE"}
    upgrade = webhook(ona, news, field="phone_number_quality_update")
    capability = {"max_daily_conversations_per_business": "TIER_10K"}
    newer = webhook(ona, capability, field="business_capability_update")
    older = webhook(ona, {"max_daily_conversations_per_business": 250}, field="business_capability_update")
    for post, at in ((upgrade, 0), (newer, 60), (older, 0)):
        post["entry"][0]["time"] = SECONDS + at
    received(upgrade, newer)
    drained()
    NumberRow.objects.update(pace_per_s=200)

    received(upgrade, older)
    drained()

    seen = NumberRow.objects.values_list("pace_per_s", "portfolio__messaging_limit")
    assert list(seen) == [(200, 10_000)]


def it_never_hurries_a_number_that_the_business_app_shares() -> None:
    ona = shop(pace_per_s=20)
    NumberRow.objects.update(is_on_business_app=True)
    news = {"display_phone_number": "34972000000", "event": "THROUGHPUT_UPGRADE"}
    received(webhook(ona, news, field="phone_number_quality_update"))

    drained()

    ona.number.refresh_from_db()
    assert ona.number.pace_per_s == 20


@pytest.mark.parametrize(
    ("told", "limit"), [(2_000, 2_000), ("TIER_10K", 10_000), (-1, None), ("TIER_UNLIMITED", None)]
)
def it_hears_which_messaging_limit_a_portfolio_has(told: str | int, limit: int | None) -> None:
    ona, other = shop(), shop()
    Portfolio.objects.update(messaging_limit=250)
    news = {"max_daily_conversations_per_business": told, "max_phone_numbers_per_waba": 25}
    received(webhook(ona, news, field="business_capability_update"))

    drained()

    limits = [Portfolio.objects.get(numbers=number).messaging_limit for number in (ona.number, other.number)]
    assert limits == [limit, 250]


def it_lets_a_portfolio_rest_whose_messages_meta_turns_down_as_too_many() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    Portfolio.objects.update(messaging_limit=250)
    received(status(ona, token, "failed", code=131048))

    drained()

    rests_until = Portfolio.objects.get().rests_until
    assert rests_until is not None
    assert rests_until > now() + timedelta(minutes=50)
    assert stopped_for(ona) == ""


@pytest.mark.parametrize("code", [131042, 131031, 131045, 131048, 131064, 130497])
def it_stops_a_number_whose_messages_meta_takes_and_fails_later(code: int) -> None:
    ona, other = shop(), shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "failed", code=code))

    drained()

    assert (stopped_for(ona), stopped_for(other)) == (str(code), "")
    assert states(ona) == {"Asha": "failed"}


def it_stops_a_number_again_only_for_what_failed_after_a_person_let_it_go_on() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Chen")
    agreed(ona, "Dana")
    frozen(ona, batch(ona))
    first, late, new = (token.hex for token in accepted(ona, hold(ona)).values())
    received(status(ona, first, "failed", code=131042))
    drained()
    let_go_on(ona.number.pk, by="dana", at=NOON + timedelta(minutes=1))

    SeenEvent.objects.all().delete()
    received(status(ona, first, "failed", code=131042), status(ona, first, "sent", at=SECONDS - 1))
    received(status(ona, late, "failed", code=131042, at=SECONDS + 30))
    drained()
    assert stopped_for(ona) == ""

    received(status(ona, new, "failed", code=131042, at=SECONDS + 90))
    drained()
    assert stopped_for(ona) == "131042"


def it_pauses_the_batches_of_a_template_whose_messages_meta_takes_and_fails_later() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    waiting = batch(ona)
    received(status(ona, token, "failed", code=132015))

    drained()

    waiting.refresh_from_db()
    assert waiting.pause_reason == "132015"
    assert stopped_for(ona) == ""


def it_stops_the_numbers_of_an_account_that_meta_disabled() -> None:
    ona = shop()
    other = shop()
    news = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    received(webhook(ona, news, field="account_update"))

    drained()

    ona.number.refresh_from_db()
    other.number.refresh_from_db()
    assert (ona.number.stopped_for, other.number.stopped_for) == ("disabled_update", "")


def it_does_not_stop_a_number_again_for_news_that_a_person_has_dealt_with() -> None:
    ona = shop()
    news = webhook(ona, {"event": "ACCOUNT_RESTRICTION"}, field="account_update")
    news["entry"][0]["time"] = SECONDS
    received(news)
    drained()
    assert stopped_for(ona) == "account_restriction"
    let_go_on(ona.number.pk, by="dana", at=NOON + timedelta(minutes=1))

    received(news)
    drained()
    assert stopped_for(ona) == ""

    news["entry"][0]["time"] = SECONDS + 90
    received(news)
    drained()
    assert stopped_for(ona) == "account_restriction"


def it_forgets_after_a_month_and_event_keys_after_eight_days() -> None:
    ona = shop()
    token = sent_to_asha(ona)
    received(status(ona, token, "read"))
    drained()

    tidy(TableReader(keyring()), at=NOON + timedelta(days=7))
    assert (Post.objects.count(), SeenEvent.objects.count()) == (1, 1)

    tidy(TableReader(keyring()), at=NOON + timedelta(days=9))
    assert (Post.objects.count(), SeenEvent.objects.count()) == (1, 0)

    tidy(TableReader(keyring()), at=NOON + timedelta(days=31))
    assert Post.objects.count() == 0


def it_asks_the_store_the_same_number_of_times_for_one_status_and_for_thirty() -> None:
    ona = shop()
    for place in range(3):
        agreed(ona, f"N{place}")
    frozen(ona, batch(ona))
    tokens = [token.hex for token in accepted(ona, hold(ona)).values()]
    received(status(ona, tokens[0], "sent"))
    with CaptureQueriesContext(connection) as one:
        drained()
    received(*(status(ona, token, "delivered", at=SECONDS + n) for n in range(10) for token in tokens))
    with CaptureQueriesContext(connection) as thirty:
        drained()

    assert len(thirty) == len(one) == 11
