import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from difusio.cloud_api.signature import sign
from difusio.common.sealed import Keyring
from difusio.log.port import IncomingPost, Lane, LogUnavailableError
from difusio.log.table_reader import TableReader
from difusio.log.table_writer import TableWriter
from difusio.receiving.group_commit import MOST_POSTS, MOST_WAITING, GroupCommit
from difusio.receiving.receiver import MOST_BODY_BYTES, App, receiver
from tests.cloud_api.examples import webhook, webhook_names

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"app secret"
WORD = "our word"
INBOUND = b'{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"w"}]}}]}]}'
STATUS = b'{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{"id":"w"}]}}]}]}'


class MemoryLog:
    """The log's twin in memory.  gate: closed, it lets nobody through; broken: it cannot be written."""

    def __init__(self) -> None:
        self.groups: list[list[IncomingPost]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: Exception | None = None
        self.closed = False

    @property
    def bodies(self) -> list[bytes]:
        return [post.body for group in self.groups for post in group]

    async def append(self, posts: Sequence[IncomingPost]) -> None:
        await self.gate.wait()
        if self.broken:
            raise self.broken
        self.groups.append(list(posts))

    async def close(self) -> None:
        self.closed = True


def it_stores_what_meta_signed_and_only_then_says_200() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        answer = asyncio.create_task(_post(app, STATUS))
        await _turns()
        assert not answer.done()

        log.gate.set()

        assert await answer == (200, b"")
        assert log.groups == [[IncomingPost(Lane.STATUSES, NOON, STATUS)]]

    _run(story)


def it_puts_people_into_the_first_lane() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        await _post(app, STATUS)
        await _post(app, INBOUND)

        assert [post.lane for group in log.groups for post in group] == [Lane.STATUSES, Lane.INBOUND]

    _run(story)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"[]", b"null"])
def it_stores_what_is_signed_even_if_it_means_nothing(body: bytes) -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert (await _post(app, body))[0] == 200
        assert log.bodies == [body]

    _run(story)


def it_accepts_the_old_secret_while_the_new_one_is_being_set() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert (await _post(app, STATUS, signature=sign(STATUS, b"the one before")))[0] == 200

    _run(story, secrets=[SECRET, b"the one before"])


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=" + "0" * 64,
        sign(STATUS, b"another secret"),
        sign(STATUS + b" ", SECRET),
        sign(STATUS, SECRET).replace("sha256", "sha1"),
        sign(STATUS, SECRET).removeprefix("sha256="),
        "sha256=\xe9",
    ],
)
def it_stores_nothing_that_is_not_signed_as_it_should_be(signature: str | None) -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert (await _post(app, STATUS, signature=signature))[0] == 401
        assert log.groups == []

    _run(story)


def it_takes_every_webhook_of_metas_byte_by_byte_and_none_with_a_changed_one() -> None:
    bodies = []
    for name in webhook_names():
        document = json.loads(webhook(name))
        words = json.dumps(document | {"note": "Adéu 👋🏽 x/y \u2028"}, separators=(",", ":"))
        # Meta escapes whatever is not ASCII, and slashes.
        bodies += [words.replace("/", "\\/").encode(), json.dumps(document, ensure_ascii=False).encode()]

    async def story(log: MemoryLog, app: App) -> None:
        for body in bodies:
            place = len(body) // 2
            changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            assert (await _post(app, body))[0] == 200
            assert (await _post(app, changed, signature=sign(body, SECRET)))[0] == 401
        assert log.bodies == bodies

    assert len(bodies) >= 50
    _run(story)


@pytest.mark.parametrize("secrets", [[], [b""]])
def it_takes_nothing_while_no_secret_is_configured(secrets: list[bytes]) -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert (await _post(app, STATUS, signature=sign(STATUS, b"")))[0] == 503
        assert log.groups == []

    _run(story, secrets=secrets)


def it_takes_the_largest_post_meta_sends_and_refuses_a_larger_one() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        large = b"a" * (3 * 1024 * 1024)
        too_large = b"a" * (MOST_BODY_BYTES + 1)
        assert (await _post(app, large, chunk=65_536))[0] == 200
        assert (await _post(app, too_large, chunk=65_536))[0] == 413
        assert (await _post(app, too_large, chunk=65_536, announced=False))[0] == 413
        assert len(log.bodies) == 1

    _run(story)


def it_never_says_200_when_the_log_is_away_and_takes_up_again_when_it_is_back() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.broken = LogUnavailableError()
        assert (await _post(app, STATUS))[0] == 503
        log.broken = RuntimeError("not foreseen")
        assert (await _post(app, STATUS))[0] == 503
        log.broken = None
        assert (await _post(app, STATUS))[0] == 200
        assert len(log.bodies) == 1

    _run(story)


def it_writes_together_what_came_while_it_was_writing() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        answers = [asyncio.create_task(_post(app, STATUS))]
        await _turns()
        answers += [asyncio.create_task(_post(app, STATUS)) for _ in range(MOST_POSTS + 49)]
        await _turns()
        log.gate.set()

        assert {await answer for answer in answers} == {(200, b"")}
        # The first went alone; the rest waited together.
        assert [len(group) for group in log.groups] == [1, MOST_POSTS, 49]

    _run(story)


def it_keeps_groups_small_when_posts_are_large() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        large = b"a" * (3 * 1024 * 1024)
        answers = [asyncio.create_task(_post(app, large)) for _ in range(5)]
        await _turns()
        log.gate.set()
        await asyncio.gather(*answers)

        assert [len(group) for group in log.groups] == [2, 2, 1]

    _run(story)


def it_refuses_more_when_too_many_wait() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        answers = [asyncio.create_task(_post(app, STATUS))]
        await _turns()
        answers += [asyncio.create_task(_post(app, STATUS)) for _ in range(MOST_WAITING)]
        await _turns()

        assert (await _post(app, STATUS))[0] == 503

        log.gate.set()
        assert {(await answer)[0] for answer in answers} == {200}
        assert (await _post(app, STATUS))[0] == 200

    _run(story)


def it_refuses_more_when_what_waits_is_too_large() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        large = b"a" * (4 * 1024 * 1024)
        answers = [asyncio.create_task(_post(app, large)) for _ in range(20)]
        await _turns()
        log.gate.set()

        statuses = [(await answer)[0] for answer in answers]

        assert statuses == [200] * 16 + [503] * 4

    _run(story)


def it_does_not_mind_who_hangs_up() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        hasty, patient = (asyncio.create_task(_post(app, STATUS)) for _ in range(2))
        await _turns()
        hasty.cancel()
        await _turns()
        log.gate.set()

        assert await patient == (200, b"")
        assert (await _post(app, STATUS, hangs_up=True))[0] == 400
        assert len(log.bodies) == 2

    _run(story)


def it_finishes_what_waits_before_it_stops() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        log.gate.clear()
        answers = [asyncio.create_task(_post(app, STATUS)) for _ in range(5)]
        await _turns()
        stopping = asyncio.create_task(_stop(app))
        await _turns()
        log.gate.set()
        await stopping

        assert [(await answer)[0] for answer in answers] == [200] * 5
        assert log.closed
        assert (await _post(app, STATUS))[0] == 503

    _run(story)


def it_stops_though_nothing_ever_came() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        await _stop(app)
        assert log.closed

    _run(story)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=our+word", (200, b"1158201444")),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=another", (403, b"not ours")),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", (403, b"not ours")),
        ("hub.mode=subscribe&hub.challenge=1", (403, b"not ours")),
        ("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=our+word", (403, b"not ours")),
        ("", (403, b"not ours")),
        ("hub.mode=subscribe&hub.challenge=%C3%A9&hub.verify_token=our%20word", (200, "é".encode())),
    ],
)
def it_shakes_hands_with_whom_knows_our_word(query: str, wanted: tuple[int, bytes]) -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert await _request(app, "GET", "/webhooks/whatsapp", query=query) == wanted

    _run(story)


def it_shakes_no_hands_without_a_word_of_its_own() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token="
        assert (await _request(app, "GET", "/webhooks/whatsapp", query=query))[0] == 403

    _run(story, word="")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 404),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/webhooks/whatsapp/", 404),
        ("PUT", "/webhooks/whatsapp", 405),
        ("DELETE", "/webhooks/whatsapp", 405),
    ],
)
def it_knows_two_addresses_and_no_other(method: str, path: str, status: int) -> None:
    async def story(log: MemoryLog, app: App) -> None:
        assert (await _request(app, method, path))[0] == status

    _run(story)


def it_needs_no_django() -> None:
    program = (
        "import difusio.receiving.receiver, difusio.log.table_writer, sys; sys.exit('django' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.django_db(transaction=True)
def it_writes_into_the_store_what_the_drain_then_finds() -> None:
    keys = Keyring.generate()
    bodies = [json.dumps({"n": number, "text": "👋 \\/ é"}).encode() for number in range(500)]

    async def story() -> list[int]:
        app = _app(TableWriter(_dsn(), keys))
        answers = await asyncio.gather(*(_post(app, body) for body in bodies))
        await _stop(app)
        return [status for status, _ in answers]

    assert asyncio.run(story()) == [200] * 500
    with psycopg.connect(_dsn()) as store:
        found = TableReader(keys).take(store.cursor(), Lane.STATUSES, 1000)
    assert sorted(post.body for post in found) == sorted(bodies)


@pytest.mark.django_db(transaction=True)
def it_says_503_while_the_store_only_reads() -> None:
    async def story() -> int:
        app = _app(TableWriter(f"{_dsn()} options='-c default_transaction_read_only=on'", Keyring.generate()))
        status, _ = await _post(app, STATUS)
        await _stop(app)
        return status

    assert asyncio.run(story()) == 503


def it_writes_nothing_after_it_has_stopped() -> None:
    async def story(log: MemoryLog, app: App) -> None:
        commit = GroupCommit(log)
        await commit.write(IncomingPost(Lane.STATUSES, NOON, b""))
        await commit.stop()
        with pytest.raises(LogUnavailableError):
            await commit.write(IncomingPost(Lane.STATUSES, NOON, b""))

    _run(story)


def _run(
    story: Callable[[MemoryLog, App], Coroutine[Any, Any, None]],
    *,
    secrets: Sequence[bytes] = (SECRET,),
    word: str = WORD,
) -> None:
    async def whole() -> None:
        log = MemoryLog()
        app = receiver(log, secrets=lambda: secrets, verify_token=lambda: word, clock=lambda: NOON)
        # A story that hangs has gone wrong; it need not hang for long.
        async with asyncio.timeout(30), _stopped_at_the_end(app):
            await story(log, app)

    asyncio.run(whole())


def _app(log: TableWriter) -> App:
    return receiver(log, secrets=lambda: [SECRET], verify_token=lambda: WORD, clock=lambda: NOON)


@asynccontextmanager
async def _stopped_at_the_end(app: App) -> AsyncIterator[None]:
    yield
    await _stop(app)


async def _stop(app: App) -> None:
    """Tell the application, as the server does, that the end has come."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def _post(
    app: App,
    body: bytes,
    *,
    signature: str | None = "right",
    chunk: int = 1 << 30,
    announced: bool = True,
    hangs_up: bool = False,
) -> tuple[int, bytes]:
    headers = [(b"content-type", b"application/json")]
    if announced:
        headers.append((b"content-length", str(len(body)).encode()))
    if signature is not None:
        value = sign(body, SECRET) if signature == "right" else signature
        headers.append((b"x-hub-signature-256", value.encode("latin-1")))
    messages = list(_chunks(body, chunk))
    if hangs_up:
        messages = [{"type": "http.disconnect"}]
    return await _request(app, "POST", "/webhooks/whatsapp", headers=headers, messages=messages)


def _chunks(body: bytes, size: int) -> Iterator[dict[str, Any]]:
    for start in range(0, max(1, len(body)), size):
        part = body[start : start + size]
        yield {"type": "http.request", "body": part, "more_body": start + size < len(body)}


async def _request(
    app: App,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: list[tuple[bytes, bytes]] | None = None,
    messages: list[dict[str, Any]] | None = None,
) -> tuple[int, bytes]:
    waiting = iter(messages or [{"type": "http.request", "body": b""}])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers or [],
    }
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], sent[1]["body"]


async def _turns() -> None:
    """Let everybody who can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


def _dsn() -> str:
    parameters = connection.get_connection_params()
    known = {
        key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters
    }
    return make_conninfo(**known)
