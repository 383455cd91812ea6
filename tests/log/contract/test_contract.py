"""What any log must do, in whatever place: one suite over the table and over JetStream."""

import asyncio
import gc
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from difusio.log.port import IncomingPost, Lane, LogReader, LogUnavailableError, Post
from tests.log.contract.adapters import Adapter, dsn
from tests.processes import wait_until

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOSTILE = b'\x00\xff{"a":\'); DROP TABLE log_post; --'
MANY = 99


def it_gives_back_what_was_appended_by_lane(log: Adapter) -> None:
    later = NOON + timedelta(seconds=3)
    log.append([post(b"status"), post(b"hello", Lane.INBOUND, later), post(HOSTILE), post(b"")])

    inbound, statuses = settled(log.reader(), 1, Lane.INBOUND), settled(log.reader(), 3)

    assert [(each.body, each.lane, each.received_at) for each in inbound] == [(b"hello", Lane.INBOUND, later)]
    assert sorted(each.body for each in statuses) == sorted([b"status", HOSTILE, b""])
    assert {(each.lane, each.received_at, each.tries) for each in statuses} == {(Lane.STATUSES, NOON, 0)}
    assert len({each.id for each in statuses}) == 3


def it_keeps_no_body_in_plain(log: Adapter) -> None:
    log.append([post(b"+12025550101 says STOP")])

    at_rest = log.at_rest()

    assert at_rest
    assert b"2025550101" not in at_rest
    assert b"STOP" not in at_rest


def it_takes_no_more_than_asked_for(log: Adapter) -> None:
    log.append([post(str(number).encode()) for number in range(5)])
    reader = log.reader()
    at_hand(reader, 5)

    with turn(reader) as cursor:
        first = reader.take(cursor, Lane.STATUSES, 2)
        reader.settle(cursor, [each.id for each in first], NOON)

    assert len(first) == 2
    assert bodies(first) + bodies(settled(reader, 3)) == Counter(str(number).encode() for number in range(5))


def it_takes_many_and_large_ones(log: Adapter) -> None:
    posts = [post(b"%d" % number) for number in range(200)]
    large = [post(bytes(3_000_000)), post(bytes(4 * 1024 * 1024))]
    log.append([*posts, *large])

    found = settled(log.reader(), 202)

    assert bodies(found) == bodies([*posts, *large])


def it_takes_again_what_was_rolled_back(log: Adapter) -> None:
    log.append([post(b"a"), post(b"b")])
    reader = log.reader()
    at_hand(reader, 2)

    with pytest.raises(RuntimeError), turn(reader) as cursor:
        taken = reader.take(cursor, Lane.STATUSES, MANY)
        reader.settle(cursor, [each.id for each in taken], NOON)
        raise RuntimeError

    assert bodies(settled(reader, 2)) == Counter([b"a", b"b"])


def it_takes_again_what_a_turn_did_not_settle(log: Adapter) -> None:
    log.append([post(b"a"), post(b"b")])
    reader = log.reader()
    at_hand(reader, 2)

    with turn(reader) as cursor:
        (first, _) = reader.take(cursor, Lane.STATUSES, MANY)
        reader.settle(cursor, [first.id], NOON)

    (second,) = settled(reader, 1)
    assert {first.body, second.body} == {b"a", b"b"}


def it_never_takes_again_what_was_settled(log: Adapter) -> None:
    log.append([post(b"a"), post(b"b"), post(b"c", Lane.INBOUND)])
    settled(log.reader(), 2)

    another = log.reader()

    assert bodies(settled(another, 1, Lane.INBOUND)) == Counter([b"c"])
    with turn(another) as cursor:
        assert another.take(cursor, Lane.STATUSES, MANY) == []


def it_gives_a_post_to_one_drain_at_a_time(log: Adapter) -> None:
    log.append([post(b"a")])
    one, two = log.reader(), log.reader()
    at_hand(one, 1)
    seen: list[list[Post]] = []

    def look() -> None:
        with turn(two) as cursor:
            seen.append(two.take(cursor, Lane.STATUSES, MANY))
        connection.close()

    with turn(one) as cursor:
        assert len(one.take(cursor, Lane.STATUSES, MANY)) == 1
        other = Thread(target=look)
        other.start()
        other.join()

    assert seen == [[]]


def it_closes_a_reader_at_any_moment_and_twice(log: Adapter) -> None:
    for times in range(1, 30):
        reader = log.reader()
        for _ in range(times):
            with turn(reader) as cursor:
                assert reader.take(cursor, Lane.STATUSES, MANY) == []
        reader.close()
        reader.close()


def it_gives_what_a_killed_drain_held_to_another(log: Adapter) -> None:
    log.append([post(b"a"), post(b"b"), post(b"c")])
    command = [sys.executable, "-m", "tests.log.contract.take_and_hang", "3", dsn(), *log.place]
    drain = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert drain.stdout is not None
    assert drain.stdout.readline() == "taken\n"

    drain.kill()
    drain.wait()
    drain.stdout.close()

    assert bodies(settled(log.reader(), 3)) == Counter([b"a", b"b", b"c"])


def it_gives_what_a_drain_held_to_another_when_it_ends(log: Adapter) -> None:
    log.append([post(b"a"), post(b"b")])
    first = log.reader()
    at_hand(first, 2)

    first.close()

    assert bodies(settled(log.reader(), 2)) == Counter([b"a", b"b"])


def it_loses_nothing_between_several_writers_and_drains(log: Adapter) -> None:
    dice = random.Random(5)
    appended = [post(b"%d" % number, dice.choice(list(Lane))) for number in range(600)]
    found: list[Post] = []

    def drain(seed: int) -> None:
        fate, reader = random.Random(seed), log.reader()
        while len({each.body for each in found}) < len(appended):
            lane = fate.choice(list(Lane))
            with suppress(ZeroDivisionError):
                with turn(reader) as cursor:
                    taken = reader.take(cursor, lane, fate.randint(1, 40))
                    reader.settle(cursor, [each.id for each in taken], NOON)
                    # Now and then a turn fails.
                    1 / fate.choice([0, 1, 1])
                found.extend(taken)
        connection.close()

    drains = [Thread(target=drain, args=[seed], daemon=True) for seed in range(2)]
    for each in drains:
        each.start()
    for start in range(0, len(appended), 50):
        log.append(appended[start : start + 50])
    for each in drains:
        each.join(60)

    # A post that a slow drain held for too long may have come twice.
    assert set(bodies(found)) == set(bodies(appended))


def it_sets_a_post_aside_for_a_person(log: Adapter) -> None:
    log.append([post(b"poison"), post(b"sound")])
    reader = log.reader()
    at_hand(reader, 2)

    with turn(reader) as cursor:
        taken = reader.take(cursor, Lane.STATUSES, MANY)
        (poison,) = (each for each in taken if each.body == b"poison")
        reader.quarantine(cursor, poison.id, "not a webhook")

    assert bodies(settled(reader, 1)) == Counter([b"sound"])
    assert set_aside() == [("not a webhook", False)]
    assert age(reader) == 0.0


def it_keeps_what_was_folded_in_in_part_for_a_person(log: Adapter) -> None:
    log.append([post(b"half of it is poison")])
    reader = log.reader()
    at_hand(reader, 1)

    with turn(reader) as cursor:
        (half,) = reader.take(cursor, Lane.STATUSES, MANY)
        reader.quarantine(cursor, half.id, "one of its statuses cannot be read")
        reader.settle(cursor, [half.id], NOON)

    with turn(reader) as cursor:
        assert reader.forget(cursor, NOON + timedelta(days=1), MANY) == 0
    assert set_aside() == [("one of its statuses cannot be read", True)]


def it_sets_nothing_aside_in_a_turn_that_fails(log: Adapter) -> None:
    log.append([post(b"a")])
    reader = log.reader()
    at_hand(reader, 1)

    with pytest.raises(RuntimeError), turn(reader) as cursor:
        (taken,) = reader.take(cursor, Lane.STATUSES, MANY)
        reader.quarantine(cursor, taken.id, "poison")
        raise RuntimeError

    assert set_aside() == []
    assert bodies(settled(reader, 1)) == Counter([b"a"])


def it_sets_a_post_aside_after_the_third_failure(log: Adapter) -> None:
    log.append([post(b"breaks us")])
    reader = log.reader()
    at_hand(reader, 1)
    tries = []

    for _ in range(3):
        with pytest.raises(RuntimeError), turn(reader) as cursor:
            (taken,) = reader.take(cursor, Lane.STATUSES, MANY)
            raise RuntimeError
        with turn(reader) as cursor:
            tries.append((taken.tries, reader.note_failure(cursor, taken.id, "KeyError")))

    assert tries == [(0, False), (1, False), (2, True)]
    assert set_aside() == [("KeyError", False)]
    with turn(reader) as cursor:
        assert reader.take(cursor, Lane.STATUSES, MANY) == []
        assert not reader.note_failure(cursor, taken.id, "again")


def it_counts_the_tries_for_every_drain(log: Adapter) -> None:
    log.append([post(b"a")])
    one, two = log.reader(), log.reader()
    at_hand(one, 1)
    with turn(one) as cursor:
        (taken,) = one.take(cursor, Lane.STATUSES, MANY)
        one.note_failure(cursor, taken.id, "KeyError")

    (again,) = settled(two, 1)

    assert (taken.tries, again.tries) == (0, 1)


def it_sets_aside_what_nobody_can_open_and_reads_what_stands_beside_it(log: Adapter) -> None:
    log.append_damaged()
    log.append([post(b"b")])

    reader = log.reader()

    assert bodies(settled(reader, 1)) == Counter([b"b"])
    wait_until(lambda: at_most(reader, 0) and set_aside(), "the damaged one is set aside")
    ((reason, _),) = set_aside()
    assert reason.startswith("damaged in the s")


def it_says_how_long_the_oldest_has_waited(log: Adapter) -> None:
    log.append([post(b"a", Lane.INBOUND)])
    log.append([post(b"b", Lane.INBOUND, NOON + timedelta(seconds=3))])
    reader, other = log.reader(), log.reader()
    later = NOON + timedelta(seconds=5)
    at_hand(reader, 2, Lane.INBOUND)

    assert age(other, Lane.INBOUND, later) == 5.0
    with turn(reader) as cursor:
        taken = sorted(reader.take(cursor, Lane.INBOUND, MANY), key=lambda each: each.received_at)
        # What a drain holds is still unread.
        assert age(other, Lane.INBOUND, later) == 5.0
        reader.settle(cursor, [taken[0].id], later)

    wait_until(lambda: age(other, Lane.INBOUND, later) == 2.0, "the first one is read")
    assert age(other, Lane.STATUSES, later) == 0.0
    # Machines' clocks differ.
    assert age(other, Lane.INBOUND, NOON) == 0.0


def it_says_that_nobody_answers_where_the_log_should_be(log: Adapter) -> None:
    async def story() -> None:
        writer = log.writer_to_nowhere()
        with pytest.raises(LogUnavailableError):
            await writer.append([post(b"a")])
        await writer.close()

    asyncio.run(story())


# The driver of NATS leaves a connection that broke to Python's collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def it_takes_posts_again_after_every_server_went_and_came_back(log: Adapter) -> None:
    async def story() -> None:
        writer = log.writer()
        await writer.append([post(b"before")])
        await log.interrupt()
        while True:
            try:
                await writer.append([post(b"after")])
                break
            except LogUnavailableError:
                continue
        await writer.close()

    reader = log.reader()
    asyncio.run(story())

    # What was said to be unavailable may be there all the same: it comes twice then, and that is harmless.
    found = settled(reader, 2)
    assert set(bodies(found)) == {b"before", b"after"}
    gc.collect()


def it_writes_again_after_it_was_closed(log: Adapter) -> None:
    async def story() -> None:
        writer = log.writer()
        await writer.append([post(b"a")])
        await writer.close()
        await writer.append([post(b"b")])
        await writer.close()

    asyncio.run(story())

    assert bodies(settled(log.reader(), 2)) == Counter([b"a", b"b"])


def post(body: bytes, lane: Lane = Lane.STATUSES, at: datetime = NOON) -> IncomingPost:
    return IncomingPost(lane, at, body)


def bodies(posts: Sequence[Post] | Sequence[IncomingPost]) -> "Counter[bytes]":
    return Counter(each.body for each in posts)


@contextmanager
def turn(reader: LogReader) -> Iterator[CursorWrapper]:
    with reader.turn(), transaction.atomic(), connection.cursor() as cursor:
        yield cursor


def at_most(reader: LogReader, n: int, lane: Lane = Lane.STATUSES) -> bool:
    """Look how many there are to be taken, and give them back."""
    with turn(reader) as cursor:
        return len(reader.take(cursor, lane, 1_000)) <= n


def at_hand(reader: LogReader, n: int, lane: Lane = Lane.STATUSES) -> None:
    """Wait until a drain could take so many at once: posts may have a way to go from the writer to it."""
    wait_until(lambda: not at_most(reader, n - 1, lane), f"{n} posts are at hand", timeout_s=20)


def settled(reader: LogReader, n: int, lane: Lane = Lane.STATUSES) -> list[Post]:
    """Take and settle posts until there are so many; one that comes again counts once."""
    found: dict[bytes, Post] = {}

    def take() -> bool:
        with turn(reader) as cursor:
            taken = reader.take(cursor, lane, 1_000)
            reader.settle(cursor, [each.id for each in taken], NOON)
        found.update((each.body, each) for each in taken)
        return len(found) >= n

    wait_until(take, f"{n} posts", timeout_s=20)
    wait_until(lambda: age(reader, lane) == 0.0, "they are settled", timeout_s=20)
    return list(found.values())


def age(reader: LogReader, lane: Lane = Lane.STATUSES, at: datetime = NOON + timedelta(hours=1)) -> float:
    with connection.cursor() as cursor:
        return reader.oldest_unread_age(cursor, lane, at)


def set_aside() -> list[tuple[str, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quarantined_reason, folded_at IS NOT NULL FROM log_post WHERE quarantined_reason <> ''"
        )
        return list(cursor.fetchall())
