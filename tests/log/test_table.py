import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.conninfo import make_conninfo

from difusio.common.sealed import Keyring
from difusio.log.port import IncomingPost, Lane, LogReader, LogUnavailableError, LogWriter, Post
from difusio.log.table_reader import TableReader
from difusio.log.table_writer import TableWriter

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = Keyring.generate()
HOSTILE = b'\x00\xff{"a":\'); DROP TABLE log_post; --'


def it_gives_back_what_was_appended_in_order_and_by_lane() -> None:
    _append([_post(b"status"), _post(b"hello", Lane.INBOUND), _post(HOSTILE), _post(b"")])

    with _drain() as cursor:
        assert [post.body for post in _reader().take(cursor, Lane.INBOUND, 10)] == [b"hello"]
        statuses = _reader().take(cursor, Lane.STATUSES, 10)

    assert [post.body for post in statuses] == [b"status", HOSTILE, b""]
    assert {post.received_at for post in statuses} == {NOON}
    assert [post.id for post in statuses] == sorted(post.id for post in statuses)


def it_keeps_no_body_in_plain() -> None:
    _append([_post(b"+12025550101 says STOP")])

    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_body FROM log_post")
        ((sealed,),) = cursor.fetchall()

    assert b"2025550101" not in bytes(sealed)
    assert b"STOP" not in bytes(sealed)


def it_takes_no_more_than_asked_for_and_the_oldest_first() -> None:
    _append([_post(str(number).encode()) for number in range(5)])

    with _drain() as cursor:
        assert [post.body for post in _reader().take(cursor, Lane.STATUSES, 2)] == [b"0", b"1"]


def it_takes_again_what_was_rolled_back_and_never_what_was_settled() -> None:
    _append([_post(b"a"), _post(b"b")])
    with pytest.raises(RuntimeError), _drain() as cursor:
        _reader().settle(cursor, [post.id for post in _reader().take(cursor, Lane.STATUSES, 9)], NOON)
        raise RuntimeError

    with _drain() as cursor:
        first = _reader().take(cursor, Lane.STATUSES, 1)
        _reader().settle(cursor, [post.id for post in first], NOON)
    with _drain() as cursor:
        rest = _reader().take(cursor, Lane.STATUSES, 9)

    assert [post.body for post in (*first, *rest)] == [b"a", b"b"]


def it_passes_over_what_another_drain_holds() -> None:
    _append([_post(b"a"), _post(b"b"), _post(b"c")])

    with psycopg.connect(_dsn()) as other, _drain() as cursor:
        held = _reader().take(other.cursor(), Lane.STATUSES, 2)
        free = _reader().take(cursor, Lane.STATUSES, 9)

    assert [post.body for post in held] == [b"a", b"b"]
    assert [post.body for post in free] == [b"c"]


def it_sets_a_post_aside_for_a_person() -> None:
    (post,) = _appended([_post(b"poison")])

    with _drain() as cursor:
        _reader().quarantine(cursor, post.id, "not a webhook")

    with _drain() as cursor:
        assert _reader().take(cursor, Lane.STATUSES, 9) == []
        assert _reader().oldest_unread_age(cursor, Lane.STATUSES, NOON) == 0.0
        cursor.execute("SELECT quarantined_reason, folded_at FROM log_post")
        assert cursor.fetchall() == [("not a webhook", None)]


def it_sets_a_post_aside_after_the_third_failure() -> None:
    (post,) = _appended([_post(b"breaks us")])
    set_aside = []

    for _ in range(3):
        with _drain() as cursor:
            set_aside.append(_reader().note_failure(cursor, post.id, "KeyError"))

    assert set_aside == [False, False, True]
    with _drain() as cursor:
        assert _reader().take(cursor, Lane.STATUSES, 9) == []
        assert not _reader().note_failure(cursor, post.id, "again")


def it_counts_the_tries_of_a_post() -> None:
    (post,) = _appended([_post(b"a")])

    with _drain() as cursor:
        _reader().note_failure(cursor, post.id, "KeyError")
        (again,) = _reader().take(cursor, Lane.STATUSES, 9)

    assert (post.tries, again.tries) == (0, 1)


def it_sets_damaged_bodies_aside_and_reads_those_beside_them() -> None:
    posts = _appended([_post(b"a"), _post(b"b")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_post SET sealed_body = '\\x01' WHERE id = %s", [posts[0].id])

    with _drain() as cursor:
        assert [post.body for post in _reader().take(cursor, Lane.STATUSES, 9)] == [b"b"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT quarantined_reason FROM log_post WHERE id = %s", [posts[0].id])
        assert cursor.fetchone() == ("damaged in the store",)


def it_says_how_long_the_oldest_has_waited() -> None:
    _append([_post(b"a", Lane.INBOUND), _post(b"b", Lane.INBOUND, NOON + timedelta(seconds=3))])

    with _drain() as cursor:
        later = NOON + timedelta(seconds=5)
        assert _reader().oldest_unread_age(cursor, Lane.INBOUND, later) == 5.0
        # What a drain holds is still unread.
        posts = _reader().take(cursor, Lane.INBOUND, 1)
        assert _reader().oldest_unread_age(cursor, Lane.INBOUND, later) == 5.0
        _reader().settle(cursor, [posts[0].id], later)
        assert _reader().oldest_unread_age(cursor, Lane.INBOUND, later) == 2.0
        assert _reader().oldest_unread_age(cursor, Lane.STATUSES, later) == 0.0


def it_forgets_only_what_was_folded_in_and_only_some_at_a_time() -> None:
    posts = _appended([_post(str(number).encode()) for number in range(4)])
    with _drain() as cursor:
        _reader().settle(cursor, [post.id for post in posts[:3]], NOON)

    with _drain() as cursor:
        counts = [_reader().forget(cursor, NOON + timedelta(days=1), 2) for _ in range(3)]
        assert _reader().forget(cursor, NOON, 9) == 0
        assert counts == [2, 1, 0]
        assert [post.body for post in _reader().take(cursor, Lane.STATUSES, 9)] == [b"3"]


def it_never_forgets_what_waits_for_a_person() -> None:
    (post,) = _appended([_post(b"half of it is poison")])
    with _drain() as cursor:
        _reader().quarantine(cursor, post.id, "one of statuses that cannot be read")
        _reader().settle(cursor, [post.id], NOON)

    with _drain() as cursor:
        assert _reader().forget(cursor, NOON + timedelta(days=1), 9) == 0


def it_says_that_the_log_is_away_and_comes_back_by_itself() -> None:
    async def story() -> None:
        writer = TableWriter(_dsn(), KEYS)
        await writer.append([_post(b"before")])
        # The server ends the connection, as at a restart.
        async with await psycopg.AsyncConnection.connect(_dsn(), autocommit=True) as other:
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'difusio receive'"
            )
        with pytest.raises(LogUnavailableError):
            await writer.append([_post(b"lost")])
        await writer.append([_post(b"after")])
        await writer.close()

    asyncio.run(story())

    with _drain() as cursor:
        assert [post.body for post in _reader().take(cursor, Lane.STATUSES, 9)] == [b"before", b"after"]


def it_takes_nothing_as_written_by_a_store_that_only_reads() -> None:
    async def story() -> None:
        writer = TableWriter(f"{_dsn()} options='-c default_transaction_read_only=on'", KEYS)
        with pytest.raises(LogUnavailableError):
            await writer.append([_post(b"a")])

    asyncio.run(story())


def it_says_that_nobody_answers_where_the_log_should_be() -> None:
    async def story() -> None:
        writer = TableWriter("host=127.0.0.1 port=1 dbname=none", KEYS)
        with pytest.raises(LogUnavailableError):
            await writer.append([_post(b"a")])

    asyncio.run(story())


def _post(body: bytes, lane: Lane = Lane.STATUSES, at: datetime = NOON) -> IncomingPost:
    return IncomingPost(lane, at, body)


def _append(posts: Sequence[IncomingPost]) -> None:
    async def story() -> None:
        writer: LogWriter = TableWriter(_dsn(), KEYS)
        try:
            await writer.append(posts)
        finally:
            await writer.close()

    asyncio.run(story())


def _appended(posts: Sequence[IncomingPost]) -> list[Post]:
    _append(posts)
    with _drain() as cursor:
        return _reader().take(cursor, Lane.STATUSES, 99)


@contextmanager
def _drain() -> Iterator[CursorWrapper]:
    with transaction.atomic(), connection.cursor() as cursor:
        yield cursor


def _reader() -> LogReader:
    return TableReader(KEYS)


def _dsn() -> str:
    """Return the address of the test database, for connections that are not Django's."""
    parameters = connection.get_connection_params()
    known = {
        key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters
    }
    return make_conninfo(**known)
