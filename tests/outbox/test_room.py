"""No more people than Meta lets a portfolio write to in a moving day, whichever of its numbers writes."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from difusio.numbers.models import Number, Portfolio
from difusio.outbox.claim import Hold, open_batches, unclaim
from difusio.outbox.lease import acquire
from difusio.outbox.models import Batch, Delivery, Lane, Reached, ServiceWindow
from difusio.outbox.room import WINDOW, Opening, Room, Spread, forget, look, opening, rest, spread
from tests.cast import NOON, Shop, agreed, shop
from tests.outbox.steps import batch, claimed, frozen, hold, intended

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def limited_shop(limit: int, *names: str) -> Shop:
    """Open a shop whose portfolio may write to so many people a day; everybody named agreed."""
    ona = shop()
    Portfolio.objects.filter(pk=ona.number.portfolio_id).update(messaging_limit=limit)
    for name in names:
        agreed(ona, name)
    return ona


def portfolio(of: Shop) -> Portfolio:
    return Portfolio.objects.get(pk=of.number.portfolio_id)


def queue(of: Shop, *, lane: Lane = Lane.BULK) -> Batch:
    into = batch(of, lane=lane)
    frozen(of, into)
    return into


def names(of: Shop, by: Hold, *, at: datetime = NOON, limit: int = 100) -> list[str]:
    """Claim and give who was claimed."""
    return [str(item.contact["first_name"]) for item in claimed(of, by, limit=limit, at=at)]


def another_number(of: Shop) -> Shop:
    """Give the shop a second number in the same portfolio."""
    number = Number.objects.get(pk=of.number.pk)
    number.pk, number.phone_number_id = None, f"{number.phone_number_id}-2"
    number.save(force_insert=True)
    return Shop(of.workspace, number, of.offers, of.alerts, of.template)


def it_claims_no_more_people_than_there_is_room_for() -> None:
    ona = limited_shop(2, "Asha", "Dunia", "Pau")
    queue(ona)
    by = hold(ona)

    assert names(ona, by) == ["Asha", "Dunia"]
    assert names(ona, by, at=NOON + HOUR) == []
    assert look(portfolio(ona), at=NOON) == Room(2, 2)


def it_goes_on_when_a_day_has_passed_since_somebody_was_written_to() -> None:
    ona = limited_shop(2, "Asha", "Dunia", "Pau", "Quim")
    queue(ona)
    by = hold(ona)
    assert names(ona, by, limit=1) == ["Asha"]
    assert names(ona, by, at=NOON + HOUR) == ["Dunia"]

    assert names(ona, by, at=NOON + WINDOW - MINUTE) == []
    assert names(ona, by, at=NOON + WINDOW) == ["Pau"]
    assert names(ona, by, at=NOON + WINDOW + HOUR) == ["Quim"]


def it_writes_again_to_who_was_reached_within_the_day_and_keeps_their_place_longer() -> None:
    ona = limited_shop(1, "Asha")
    queue(ona)
    by = hold(ona)
    assert names(ona, by) == ["Asha"]
    agreed(ona, "Dunia")

    queue(ona)

    assert names(ona, by, at=NOON + HOUR) == ["Asha"]
    assert names(ona, by, at=NOON + WINDOW) == []
    assert names(ona, by, at=NOON + HOUR + WINDOW) == ["Dunia"]


def it_counts_nobody_whose_service_window_stays_open() -> None:
    ona = limited_shop(1, "Asha", "Dunia", "Pau")
    for name, closes_at in (("Asha", NOON + HOUR), ("Dunia", NOON + MINUTE)):
        ServiceWindow.objects.create(
            workspace=ona.workspace,
            contact=ona.workspace.contacts.get(first_name=name),
            number=ona.number,
            closes_at=closes_at,
        )
    queue(ona)
    by = hold(ona)

    # A claim takes no more people than there are places, whoever they are; Dunia's window closes too soon.
    assert names(ona, by) == ["Asha"]
    assert names(ona, by) == ["Dunia"]
    assert names(ona, by) == []
    assert [place.contact.first_name for place in Reached.objects.all()] == ["Dunia"]


def it_shares_the_room_among_the_numbers_of_a_portfolio() -> None:
    ona = limited_shop(2, "Asha", "Dunia", "Pau")
    second = another_number(ona)
    queue(ona)
    queue(second)

    assert names(ona, hold(ona), limit=1) == ["Asha"]
    by = hold(second)
    assert names(second, by) == ["Asha"]
    assert names(second, by) == ["Dunia"]
    assert names(second, by) == []
    assert look(portfolio(ona), at=NOON).left == 0


def it_keeps_room_for_the_service_alerts_of_every_number() -> None:
    ona = limited_shop(2, "Asha", "Dunia", "Pau")
    second = another_number(ona)
    queue(ona)
    alert = queue(second, lane=Lane.SERVICE)

    by = hold(ona)
    assert names(ona, by) == []
    assert names(second, hold(second)) == ["Asha", "Dunia"]
    # These two have their places now; nobody else gets one.
    assert names(ona, by) == ["Asha", "Dunia"]
    assert names(ona, by) == []
    assert Delivery.objects.filter(batch=alert, state="queued").count() == 1


def it_keeps_the_place_of_a_claim_that_was_given_back() -> None:
    ona = limited_shop(1, "Asha", "Dunia")
    queue(ona)
    by = hold(ona)
    (item,) = claimed(ona, by)

    unclaim([item.delivery_id], by)

    assert names(ona, by) == ["Asha"]


def it_asks_nothing_more_without_a_limit() -> None:
    ona = shop()
    agreed(ona)
    queue(ona)
    by = hold(ona)
    (open_batch,) = open_batches(ona.number.pk, at=NOON)

    with CaptureQueriesContext(connection) as queries:
        claimed(ona, by)

    assert not open_batch.is_limited
    assert not [query["sql"] for query in queries if "outbox_reached" in query["sql"]]
    assert (look(portfolio(ona), at=NOON), Reached.objects.count()) == (Room(None), 0)


def it_remembers_whom_it_wrote_to_while_there_was_no_limit() -> None:
    ona = shop()
    agreed(ona, "Asha")
    queue(ona)
    by = hold(ona)
    intended(claimed(ona, by), by)
    Portfolio.objects.update(messaging_limit=1)
    agreed(ona, "Dunia")

    queue(ona)

    assert names(ona, by, at=NOON + HOUR) == ["Asha"]
    assert look(portfolio(ona), at=NOON + HOUR) == Room(1, 1)


def it_rests_an_hour_when_meta_turns_messages_down() -> None:
    ona = limited_shop(2, "Asha", "Dunia")
    queue(ona)
    by = hold(ona)
    asha = ona.workspace.contacts.get(first_name="Asha")
    assert names(ona, by, limit=1) == ["Asha"]
    Delivery.objects.filter(contact=asha).update(state="failed", code=131048, accepted_at=NOON)

    rest([asha.pk], at=NOON)

    assert names(ona, by, at=NOON + 59 * MINUTE) == []
    room = look(portfolio(ona), at=NOON)
    assert (room.left, opening(portfolio(ona), room, at=NOON)) == (0, Opening(1, NOON + HOUR))
    assert names(ona, by, at=NOON + HOUR) == ["Dunia"]


def it_forgets_the_places_of_yesterday() -> None:
    ona = limited_shop(2, "Asha")
    queue(ona)
    claimed(ona, hold(ona))

    assert forget(at=NOON + WINDOW - MINUTE) == 0
    assert forget(at=NOON + WINDOW) == 1
    assert forget(at=NOON + WINDOW) == 0


def it_foretells_the_days_that_an_audience_takes() -> None:
    ona = limited_shop(10)
    for place in range(4):
        contact = agreed(ona, f"N{place}")
        Reached.objects.create(portfolio=portfolio(ona), contact=contact, at=NOON - 10 * HOUR + place * HOUR)
    room = look(portfolio(ona), at=NOON)

    def done(people: int) -> Spread:
        return spread(portfolio(ona), room, people, pace_per_s=1, at=NOON)

    assert done(6) == Spread(6, NOON + timedelta(seconds=6))
    # The seventh takes the place of whoever was written to ten hours ago, the tenth of the last of those four.
    assert done(7) == Spread(6, NOON - 10 * HOUR + WINDOW)
    assert done(10) == Spread(6, NOON - 7 * HOUR + WINDOW)
    # The eleventh follows today's first, the seventeenth the seventh.
    assert done(11) == Spread(6, NOON + timedelta(seconds=1) + WINDOW)
    assert done(17) == Spread(6, NOON - 10 * HOUR + 2 * WINDOW)
    assert opening(portfolio(ona), room, at=NOON) is None


def it_foretells_what_waits_before_an_audience() -> None:
    ona = limited_shop(10, *(f"N{place}" for place in range(8)))
    queue(ona)
    room = look(portfolio(ona), at=NOON)

    assert spread(portfolio(ona), room, 3, pace_per_s=1, at=NOON).at_once == 2
    queued = spread(portfolio(ona), room, 8, pace_per_s=1, at=NOON, are_queued=True)
    assert queued == Spread(8, NOON + timedelta(seconds=8))


def it_says_when_the_next_ones_leave() -> None:
    ona = limited_shop(2)
    for place in range(4):
        contact = agreed(ona, f"N{place}")
        Reached.objects.create(
            portfolio=portfolio(ona), contact=contact, at=NOON - 10 * HOUR + place * 40 * MINUTE
        )

    # The limit was lowered to two: the first place comes free when two of the four are gone.
    found = opening(portfolio(ona), look(portfolio(ona), at=NOON), at=NOON)
    Portfolio.objects.update(messaging_limit=4)
    before = opening(portfolio(ona), look(portfolio(ona), at=NOON), at=NOON)

    assert found == Opening(2, NOON - 10 * HOUR + 80 * MINUTE + WINDOW)
    assert before == Opening(2, NOON - 10 * HOUR + WINDOW)


@pytest.mark.django_db(transaction=True)
def it_lets_only_one_of_two_numbers_take_the_last_place() -> None:
    ona = limited_shop(5, *(f"N{place}" for place in range(10)))
    second = another_number(ona)
    queue(ona)
    queue(second)
    found: list[list[str]] = []

    def take(of: Shop) -> None:
        try:
            epoch = acquire(of.number.pk, owner="sender")
            assert epoch is not None
            by = Hold(of.number.pk, "sender", epoch)
            found.append([name for _ in range(5) for name in names(of, by, limit=2)])
        finally:
            connection.close()

    threads = [Thread(target=take, args=(of,)) for of in (ona, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({name for part in found for name in part}) == 5
    assert look(portfolio(ona), at=NOON) == Room(5, 5)
