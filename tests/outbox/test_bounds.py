"""Marketing to one person is kept within bounds where it is claimed: at night, and after enough of it."""

from datetime import UTC, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from difusio.accounts.models import Workspace
from difusio.consent.models import Act, Topic
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.numbers.models import Number
from difusio.outbox import batches
from difusio.outbox.claim import claim, expire, open_batches
from difusio.outbox.freeze import judge
from difusio.outbox.leaving import skip_left
from difusio.outbox.models import Batch, Delivery, Lane
from difusio.outbox.record import Outcome, record
from tests.cast import NOON, Shop, agreed, person, say, shop
from tests.outbox.steps import accepted, audience, batch, claimed, frozen, hold, intended, states, tallies

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
# Sunday evening in Madrid, half past nine.
NIGHT = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def bounded(of: Shop, **bounds: object) -> Shop:
    Workspace.objects.filter(pk=of.workspace.pk).update(**bounds)
    of.workspace.refresh_from_db()
    return of


def sleepy(of: Shop) -> Shop:
    return bounded(of, quiet_from=time(21), quiet_until=time(9))


def due(of: Shop) -> dict[str, datetime]:
    rows = Delivery.objects.filter(workspace=of.workspace).select_related("contact")
    return {row.contact.first_name: row.due_at for row in rows}


# Quiet hours


def it_sends_whoever_sleeps_to_the_end_of_their_own_night() -> None:
    ona = shop()
    for name, zone, country in (
        ("Asha", "", "ES"),
        ("Kiri", "Pacific/Kiritimati", "ES"),
        ("Andorra", "", "AD"),
        ("Chen", "America/New_York", "US"),
        ("Odd", "Mars/Olympus", "ES"),
    ):
        contact = agreed(ona, name, country=country)
        Contact.objects.filter(pk=contact.pk).update(time_zone=zone)
    into = batch(ona)
    frozen(ona, into)
    by = hold(sleepy(ona))

    found = claimed(ona, by, at=NIGHT)

    # On Kiritimati it is half past ten in the morning, in New York half past three in the afternoon.
    assert sorted(str(item.contact["first_name"]) for item in found) == ["Chen", "Kiri"]
    assert {name: at for name, at in due(ona).items() if at != NOON} == dict.fromkeys(
        ("Asha", "Andorra", "Odd"), MORNING
    )
    assert tallies(into) == {"audience": 5, "queued quiet_hours": 3}
    assert claimed(ona, by, at=MORNING - timedelta(seconds=1)) == []
    assert len(claimed(ona, by, at=MORNING)) == 3
    assert tallies(into) == {"audience": 5}


def it_takes_the_country_of_the_phone_where_nothing_else_is_known() -> None:
    ona = sleepy(shop())
    asha = agreed(ona, "Asha", phone="+819012345678", country="JP")
    Contact.objects.filter(pk=asha.pk).update(country="")
    frozen(ona, batch(ona))

    # Half past nine in the evening in Madrid is half past five in the morning in Tokyo.
    claimed(ona, hold(ona), at=NIGHT)

    assert due(ona) == {"Asha": datetime(2026, 11, 23, 0, 0, tzinfo=UTC)}


def it_looks_at_each_sleeper_once_however_many_there_are() -> None:
    ona = sleepy(shop())
    for place in range(30):
        agreed(ona, f"N{place}")
    into = batch(ona)
    frozen(ona, into)

    assert claimed(ona, hold(ona), limit=5, at=NIGHT) == []
    assert open_batches(ona.number.pk, at=NIGHT + timedelta(hours=1)) == []
    assert tallies(into) == {"audience": 30, "queued quiet_hours": 30}


def it_freezes_a_launch_at_night_for_the_morning() -> None:
    ona = sleepy(shop())
    agreed(ona)
    into = batch(ona)
    frozen_at_night = audience(ona, into)

    (row,) = judge(frozen_at_night, at=NIGHT)
    frozen(ona, into, at=NIGHT)

    assert row.asleep_until == MORNING
    assert due(ona) == {"Asha": MORNING}
    assert tallies(into) == {"audience": 1, "queued quiet_hours": 1}


@pytest.mark.parametrize(
    ("at", "is_claimed"),
    [
        # The clocks of Madrid change at one o'clock UTC: before it 21:00 is 20:00 UTC, afterwards 19:00, and back.
        ("2026-03-28 19:58", True),
        ("2026-03-28 20:00", False),
        ("2026-03-29 06:59", False),
        ("2026-03-29 07:00", True),
        ("2026-03-29 19:00", False),
        ("2026-10-24 19:00", False),
        ("2026-10-25 07:30", False),
        ("2026-10-25 08:00", True),
        ("2026-10-25 19:30", True),
        ("2026-10-25 20:00", False),
    ],
)
def it_claims_nobody_in_their_quiet_hours_when_the_clocks_change(at: str, is_claimed: bool) -> None:  # noqa: FBT001
    ona = sleepy(shop())
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    asha = person(ona, "Asha")
    say(ona, asha, Act.GRANTED, at=moment - DAY)
    into = batch(ona)
    frozen(ona, into, at=moment - timedelta(hours=15))
    Delivery.objects.update(due_at=moment - DAY)

    assert bool(claimed(ona, hold(ona), at=moment)) == is_claimed


def it_sends_once_when_the_wall_clock_jumps_back_and_forth() -> None:
    ona = sleepy(shop())
    agreed(ona)
    frozen(ona, batch(ona))
    by = hold(ona)
    hour = timedelta(hours=1)

    assert claimed(ona, by, at=NIGHT) == []
    # An hour back it is half past eight in the evening; what was sent to the morning stays there.
    assert claimed(ona, by, at=NIGHT - hour) == []
    tokens = accepted(ona, by, at=MORNING)
    assert len(tokens) == 1
    assert [accepted(ona, by, at=MORNING + jump) for jump in (-hour, hour, DAY)] == [{}, {}, {}]


def it_lets_service_alerts_through_at_night_and_beyond_the_cap() -> None:
    ona = bounded(sleepy(shop()), cap_messages=1)
    asha = person(ona, "Asha")
    say(ona, asha, Act.GRANTED, topic=ona.alerts)
    ona = Shop(ona.workspace, ona.number, ona.alerts, ona.alerts, ona.template)
    by = hold(ona)
    for _ in range(2):
        frozen(ona, batch(ona, lane=Lane.SERVICE), at=NIGHT)

    assert len(accepted(ona, by, at=NIGHT)) == 2


def it_expires_who_would_sleep_beyond_the_time_to_live() -> None:
    ona = sleepy(shop())
    agreed(ona)
    into = batch(ona)
    frozen(ona, into)
    Batch.objects.update(expires_at=NIGHT + timedelta(hours=1))
    claimed(ona, hold(ona), at=NIGHT)

    assert expire(at=NIGHT + timedelta(hours=1)) == 1
    assert tallies(into) == {"audience": 1, "expired": 1}


def it_makes_no_intent_for_what_expired_since_the_claim() -> None:
    ona = shop()
    agreed(ona)
    frozen(ona, batch(ona))
    Batch.objects.update(expires_at=NOON + timedelta(seconds=1))
    by = hold(ona)
    items = claimed(ona, by)

    assert intended(items, by, at=NOON + timedelta(seconds=1)) == {}


def it_counts_sleepers_out_when_they_leave_or_the_campaign_ends() -> None:
    ona = sleepy(shop())
    bilal = agreed(ona, "Bilal")
    agreed(ona, "Asha")
    into = batch(ona)
    frozen(ona, into, at=NIGHT)

    skip_left(bilal.pk, topic_ids=[ona.offers.pk])
    batches.cancel([into.pk], at=NIGHT)

    assert tallies(into) == {"audience": 2, "skipped left": 1, "cancelled": 1}
    assert states(ona) == {"Bilal": "skipped left", "Asha": "cancelled"}


# Caps


def it_skips_whoever_had_enough_of_all_campaigns() -> None:
    ona = bounded(shop(), cap_messages=2, cap_days=7)
    agreed(ona)
    by = hold(ona)
    for day in (0, 3):
        frozen(ona, batch(ona))
        assert len(accepted(ona, by, at=NOON + day * DAY)) == 1
    third = batch(ona)
    frozen(ona, third)

    (row,) = judge(audience(ona, third), at=NOON + 6 * DAY)
    assert accepted(ona, by, at=NOON + 6 * DAY) == {}
    assert row.had_enough == 1
    assert tallies(third) == {"audience": 1, "skipped capped": 1}

    fourth = batch(ona)
    frozen(ona, fourth)
    (row,) = judge(audience(ona, fourth), at=NOON + 7 * DAY)
    assert row.had_enough == 0
    assert len(accepted(ona, by, at=NOON + 7 * DAY)) == 1


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("accepted", True), ("in_doubt", True), ("give_up", False), ("retry", False)],
)
def it_counts_what_the_person_got_or_may_have_got(outcome: str, counts: bool) -> None:  # noqa: FBT001
    ona = bounded(shop(), cap_messages=1)
    agreed(ona)
    by = hold(ona)
    frozen(ona, batch(ona))
    (token,) = intended(claimed(ona, by), by).values()
    record([Outcome(token, outcome, code=131026, retry_at=NOON + DAY)], at=NOON)
    second = batch(ona)
    frozen(ona, second)

    found = claimed(ona, by, at=NOON + timedelta(hours=1))

    assert [item.batch_id for item in found] == ([] if counts else [second.pk])


def it_keeps_what_a_topic_promised() -> None:
    ona = shop()
    Topic.objects.filter(pk=ona.offers.pk).update(promised_messages=1, promised_days=30)
    asha = agreed(ona)
    news = Topic.objects.create(workspace=ona.workspace, key="news", name="Notícies", kind="marketing")
    say(ona, asha, Act.GRANTED, topic=news)
    by = hold(ona)
    frozen(ona, batch(ona))
    accepted(ona, by)
    again = batch(ona)
    frozen(ona, again)
    of_news = Shop(ona.workspace, ona.number, news, ona.alerts, ona.template)
    other = batch(of_news)
    frozen(of_news, other)

    found = claimed(ona, by, at=NOON + DAY)

    assert [item.batch_id for item in found] == [other.pk]
    assert tallies(again) == {"audience": 1, "skipped promised": 1}


@pytest.mark.django_db(transaction=True)
def it_never_gives_one_person_more_when_two_numbers_claim_at_once() -> None:
    ona = bounded(shop(pace_per_s=80), cap_messages=1)
    second = another_number(ona)
    rounds, people = 12, 8
    for place in range(people):
        agreed(ona, f"N{place}")
    bys = [hold(ona, "one"), hold(second, "two")]

    for _ in range(rounds):
        Delivery.objects.all().delete()
        Batch.objects.all().delete()
        for each in (ona, second):
            frozen(each, batch(each))
        together = Barrier(2)
        found: list[int] = []

        def claim_all(number: int, together: Barrier = together, found: list[int] = found) -> None:
            try:
                by = bys[number]
                (open_batch,) = open_batches(by.number_id, at=NOON)
                together.wait(10)
                # Who was locked by the other is asked again, as a sender does.
                for _ in range(50):
                    items = claim(open_batch, by, limit=people, at=NOON).claimed
                    found.extend(item.delivery_id for item in items)
                    if not Delivery.objects.filter(batch=open_batch.id, state="queued").exists():
                        break
            finally:
                connection.close()

        threads = [Thread(target=claim_all, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert len(found) == people
        taken = Delivery.objects.filter(state="claimed").values_list("contact_id", flat=True)
        assert len(taken) == len(set(taken)) == people


def another_number(of: Shop) -> Shop:
    number = Number.objects.get(pk=of.number.pk)
    number.pk, number.phone_number_id = None, f"{number.phone_number_id}b"
    number.save()
    template = Template.objects.get(pk=of.template.pk)
    return Shop(of.workspace, number, of.offers, of.alerts, template)
