"""The sender's own loop against the simulator: what Meta answers, and what is said to it meanwhile."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Timer
from time import monotonic
from uuid import UUID

import pytest
from django.db import connection
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import Number, Scenario, Setup

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.consent.models import Act, Entry
from difusio.contacts.models import Identity
from difusio.message_templates.models import Template
from difusio.numbers.models import Number as NumberRow
from difusio.numbers.renew import renew_token
from difusio.outbox.lease import longest_request_s
from difusio.outbox.models import Attempt, Batch, Delivery, Lane, Lease
from difusio.sending.breaker import RUN
from difusio.sending.pair_rate import EVERY_S
from tests.cast import NOON, Shop, agreed, person, say, shop
from tests.faults.stage import TOKEN
from tests.outbox.steps import batch, frozen, states
from tests.processes import wait_until
from tests.sending.running import nothing_waits, send_everything, send_while

pytestmark = pytest.mark.django_db(transaction=True)

PHONE_NUMBER_ID = "700000000000001"
OTHER_NUMBER_ID = "700000000000002"
BODY = "Bon dia, {{first_name}}. Respon BAIXA per no rebre'n més."


@dataclass(frozen=True, slots=True)
class Scene:
    """A shop whose number the simulator knows."""

    shop: Shop
    simulator: RunningSimulator

    def accepted(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = self.simulator.control("GET", "accepted")["data"]
        return rows

    def goes_wrong(self, *faults: dict[str, object]) -> None:
        self.simulator.control("PUT", "faults", {"faults": list(faults)})


@pytest.fixture
def scene() -> Iterator[Scene]:
    numbers = (
        Number(phone_number_id=PHONE_NUMBER_ID, display_phone_number="+34 972 00 00 01"),
        Number(phone_number_id=OTHER_NUMBER_ID, display_phone_number="+34 972 00 00 02"),
    )
    example = {"body_text_named_params": [{"param_name": "first_name", "example": "Ona"}]}
    template = {
        "name": "autumn", "language": "ca", "category": "MARKETING", "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": BODY, "example": example}],
    }  # fmt: skip
    setup = Setup(access_token=TOKEN, numbers=numbers, templates=(template,))
    with RunningSimulator(Scenario(setup=setup)) as simulator:
        yield Scene(
            shop(api_url=simulator.url, phone_number_id=PHONE_NUMBER_ID, access_token=TOKEN), simulator
        )


def queued(of: Shop) -> Batch:
    into = batch(of)
    frozen(of, into)
    return into


def it_sends_each_person_their_own_words_with_a_token_that_says_nothing(scene: Scene) -> None:
    agreed(scene.shop, "Asha")
    agreed(scene.shop, "")
    queued(scene.shop)

    send_everything()

    assert sorted(str(row["content"]) for row in scene.accepted()) == [
        "Bon dia, Asha. Respon BAIXA per no rebre'n més.",
        "Bon dia, amic. Respon BAIXA per no rebre'n més.",
    ]
    tokens = [UUID(hex=str(row["token"])) for row in scene.accepted()]
    assert set(tokens) == set(Attempt.objects.values_list("token", flat=True))
    assert {token.version for token in tokens} == {4}
    # The number was given back in order, so that the next owner need not wait for a longest request.
    assert Lease.objects.get().expires_at < now() - timedelta(seconds=longest_request_s() - 2)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"kind": "refuse", "code": 131026}, "refused"),
        ({"kind": "error_before"}, "in_doubt"),
        ({"kind": "error_after"}, "in_doubt"),
        ({"kind": "lose_answer"}, "in_doubt"),
        ({"kind": "refuse", "code": 131000, "http_status": 500}, "in_doubt"),
    ],
)
def it_takes_only_a_documented_refusal_as_definite(
    scene: Scene, fault: dict[str, object], state: str
) -> None:
    agreed(scene.shop, "Asha")
    queued(scene.shop)
    scene.goes_wrong(fault)

    send_everything()

    assert states(scene.shop) == {"Asha": state}
    assert Attempt.objects.count() == 1


def it_tries_again_what_meta_refused_for_speed_under_a_new_token(scene: Scene) -> None:
    agreed(scene.shop, "Asha")
    queued(scene.shop)
    scene.goes_wrong({"kind": "refuse", "code": 130429, "times": 2})

    send_everything()

    assert states(scene.shop) == {"Asha": "accepted"}
    assert Attempt.objects.values("token").distinct().count() == 3
    assert len(scene.accepted()) == 1


def it_withdraws_a_consent_that_meta_says_was_withdrawn(scene: Scene) -> None:
    asha = agreed(scene.shop, "Asha")
    queued(scene.shop)
    scene.goes_wrong({"kind": "refuse", "code": 131050})

    send_everything()

    acts = Entry.objects.filter(contact=asha).order_by("id").values_list("act", flat=True)
    assert list(acts) == [Act.GRANTED, Act.WITHDRAWN]
    assert states(scene.shop)["Asha"] == "refused"


def it_uses_a_renewed_token_without_being_started_again(scene: Scene) -> None:
    number = scene.shop.number
    number.access_token_sealed = keyring().seal(b"expired", purpose="numbers.access_token")
    number.save()
    agreed(scene.shop, "Asha")

    def renew_and_launch() -> None:
        wait_until(lambda: Lease.objects.filter(number=number).exists(), "the number has a sender")
        renew_token(number.pk, TOKEN, by="Dana", at=now())
        queued(scene.shop)
        nothing_waits()

    send_while(renew_and_launch)

    number.refresh_from_db()
    assert number.stopped_for == ""
    assert len(scene.accepted()) == 1


def it_leaves_a_number_alone_that_another_sender_has(scene: Scene) -> None:
    agreed(scene.shop, "Asha")
    queued(scene.shop)
    Lease.objects.create(number=scene.shop.number, owner="other", epoch=7, expires_at="2100-01-01T00:00Z")

    def look() -> None:
        own = person(scene.shop, "waits for a second number")
        wait_until(lambda: own.pk and Lease.objects.count() == 2, "the sender has looked round")

    shop(api_url=scene.simulator.url, phone_number_id="700000000000009")
    send_while(look)

    assert scene.accepted() == []
    assert states(scene.shop) == {"Asha": "queued"}


def it_skips_a_person_whose_address_is_damaged_and_sends_to_the_others(scene: Scene) -> None:
    damaged = [agreed(scene.shop, "Asha"), agreed(scene.shop, "Bel")]
    agreed(scene.shop, "Dunia")
    queued(scene.shop)
    Identity.objects.filter(contact__in=damaged).update(value_sealed=b"\x01\0\0\0\x01" + b"damaged" * 5)

    send_everything()

    assert states(scene.shop) == {
        "Asha": "skipped no_address",
        "Bel": "skipped no_address",
        "Dunia": "accepted",
    }


def it_holds_a_campaign_whose_template_lost_a_placeholder(scene: Scene) -> None:
    agreed(scene.shop, "Asha")
    into = queued(scene.shop)
    Template.objects.update(components=[{"type": "BODY", "text": "Bon dia {{other}}. Respon BAIXA."}])

    def is_held() -> None:
        wait_until(lambda: Batch.objects.get(pk=into.pk).paused_at, "the batch is held")

    send_while(is_held)

    assert Batch.objects.get(pk=into.pk).pause_reason == "template_changed"
    assert scene.accepted() == []


def it_sends_replies_before_everything_else(scene: Scene) -> None:
    for place in range(60):
        agreed(scene.shop, f"N{place}")
    queued(scene.shop)
    chen = person(scene.shop, "Chen")
    entry = say(scene.shop, chen, Act.WITHDRAWN)
    text = Batch.objects.create(
        workspace=scene.shop.workspace, number=scene.shop.number, lane=Lane.REPLY, message={"text": "Fet."},
        created_at=NOON,
    )  # fmt: skip
    Delivery.objects.create(
        workspace=scene.shop.workspace, batch=text, number=scene.shop.number, contact=chen, state="queued",
        confirms_id=entry, window_closes_at="2100-01-01T00:00Z", due_at=NOON, created_at=NOON,
    )  # fmt: skip

    send_everything()

    assert scene.accepted()[0]["type"] == "text"
    assert len(scene.accepted()) == 61


def it_holds_a_number_back_while_meta_is_away_and_goes_on_by_itself(scene: Scene) -> None:
    for place in range(60):
        agreed(scene.shop, f"N{place}")
    queued(scene.shop)
    scene.goes_wrong({"kind": "outage"})
    doubtful: list[int] = []

    def be_away_for_a_while() -> None:
        wait_until(lambda: Lease.objects.filter(held_back_for="server_errors").exists(), "it is held back")
        wait_until(lambda: not Delivery.objects.filter(state="sending").exists(), "all are answered")
        doubtful.append(Attempt.objects.count())
        wait_until(
            lambda: not Delivery.objects.filter(state="claimed").exists(), "the others wait in the queue"
        )
        scene.goes_wrong()
        nothing_waits()
        wait_until(lambda: Lease.objects.filter(held_back_for="").exists(), "the page says so no more")

    send_while(be_away_for_a_while)

    assert RUN <= doubtful[0] <= 2 * RUN
    by_state = Counter(Delivery.objects.values_list("state", flat=True))
    assert by_state == {"in_doubt": doubtful[0], "accepted": 60 - doubtful[0]}
    assert Attempt.objects.count() == 60


def it_loses_nobody_when_no_connection_opens(scene: Scene) -> None:
    for place in range(30):
        agreed(scene.shop, f"N{place}")
    queued(scene.shop)
    NumberRow.objects.update(api_url="http://127.0.0.1:9")

    def come_back() -> None:
        wait_until(lambda: Lease.objects.filter(held_back_for="unreachable").exists(), "it is held back")
        NumberRow.objects.update(api_url=scene.simulator.url)
        nothing_waits()

    send_while(come_back)

    assert set(Delivery.objects.values_list("state", flat=True)) == {"accepted"}
    assert len(scene.accepted()) == 30


def it_stops_a_number_whose_people_are_sealed_with_a_key_that_is_gone(scene: Scene) -> None:
    asha = agreed(scene.shop, "Asha")
    queued(scene.shop)
    Identity.objects.filter(contact=asha).update(value_sealed=b"\x01\0\0\0\x63" + b"sealed elsewhere" * 3)

    def is_stopped() -> None:
        wait_until(lambda: NumberRow.objects.get().stopped_for == "key_missing", "the number is stopped")

    send_while(is_stopped)

    assert Delivery.objects.get().state in {"queued", "claimed"}
    assert scene.accepted() == []


@pytest.mark.parametrize(
    ("sealed", "reason"),
    [
        (b"\x01\0\0\0\x63" + b"sealed elsewhere" * 3, "key_missing"),
        (b"\x01\0\0\0\x01" + b"damaged" * 5, "token_damaged"),
    ],
)
def it_stops_a_number_whose_token_cannot_be_read_and_sends_for_the_others(
    scene: Scene, sealed: bytes, reason: str
) -> None:
    broken = shop(api_url=scene.simulator.url, phone_number_id="700000000000009").number
    NumberRow.objects.filter(pk=broken.pk).update(access_token_sealed=sealed)
    agreed(scene.shop, "Asha")
    queued(scene.shop)

    send_everything()

    assert NumberRow.objects.get(pk=broken.pk).stopped_for == reason
    assert states(scene.shop) == {"Asha": "accepted"}


def it_keeps_two_campaigns_to_the_same_people_six_seconds_apart(scene: Scene) -> None:
    agreed(scene.shop, "Asha")
    agreed(scene.shop, "Dunia")
    queued(scene.shop)
    queued(scene.shop)

    send_everything()

    by_person: dict[str, list[float]] = {}
    for row in scene.accepted():
        by_person.setdefault(str(row["address"]), []).append(float(str(row["real_at"])))
    assert len(by_person) == 2
    assert all(late - early >= EVERY_S for early, late in by_person.values())


def it_takes_another_pace_without_giving_the_number_back(scene: Scene) -> None:
    agreed(scene.shop, "Asha")

    def upgrade_and_launch() -> None:
        wait_until(Lease.objects.exists, "the number has a sender")
        NumberRow.objects.update(pace_per_s=1_000)
        queued(scene.shop)
        nothing_waits()

    send_while(upgrade_and_launch)

    assert Lease.objects.get().epoch == 1
    assert len(scene.accepted()) == 1


def it_gives_back_what_it_holds_beyond_a_second_of_a_pace_that_fell(scene: Scene) -> None:
    NumberRow.objects.update(pace_per_s=200)
    for place in range(400):
        agreed(scene.shop, f"N{place}")
    queued(scene.shop)
    in_hand = Delivery.objects.filter(state="claimed")

    def slow_down() -> None:
        wait_until(lambda: in_hand.count() > 50, "a good deal is claimed")
        NumberRow.objects.update(pace_per_s=2)
        # At two a second the rest would be in hand for half a minute.
        wait_until(lambda: in_hand.count() <= 2, "no more than a second of it is in hand", timeout_s=8)

    send_while(slow_down)

    assert set(states(scene.shop).values()) == {"accepted", "queued"}


def it_writes_down_what_was_answered_before_it_gives_the_numbers_back(scene: Scene) -> None:
    other = shop(api_url=scene.simulator.url, phone_number_id=OTHER_NUMBER_ID, access_token=TOKEN)
    for one in (scene.shop, other):
        agreed(one, "Asha")
        queued(one)
    first, second = PHONE_NUMBER_ID, OTHER_NUMBER_ID
    scene.goes_wrong(
        {"kind": "slow", "seconds": 1, "phone_number_id": first},
        {"kind": "slow", "seconds": 2, "phone_number_id": second},
    )

    def end_while_the_store_stands_still() -> None:
        wait_until(lambda: Attempt.objects.count() == 2, "both are on their way")
        holder = connection.get_new_connection(connection.get_connection_params())
        holder.execute("LOCK TABLE outbox_attempt IN EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            wait_until(
                lambda: cursor.execute("SELECT FROM pg_locks WHERE NOT granted LIMIT 1") or cursor.rowcount,
                "the first answer waits for the store",
            )
        answered_at = monotonic() + 2
        wait_until(lambda: monotonic() > answered_at, "the second one waits behind it")
        Timer(1.0, holder.close).start()

    send_while(end_while_the_store_stands_still)

    assert states(scene.shop) == states(other) == {"Asha": "accepted"}
    assert not Lease.objects.filter(expires_at__gt=now()).exists()
