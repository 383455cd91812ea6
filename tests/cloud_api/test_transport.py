import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
from aiohttp import web

from difusio.cloud_api.answers import Answer, Lost, NotSent
from difusio.cloud_api.transport import (
    BadAccessTokenError,
    CloudApi,
    MetaRefusedError,
    MetaUnreachableError,
    MetaUnreadableError,
    NumberState,
)
from tests.cloud_api.examples import example

TOKEN = "EAAexample"
Wire = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def it_posts_the_bytes_as_they_are_and_returns_what_came() -> None:
    seen: list[tuple[str, str, str, bytes]] = []

    async def messages(request: web.Request) -> web.Response:
        headers = request.headers
        seen.append((request.path, headers["Authorization"], headers["Content-Type"], await request.read()))
        return web.Response(status=400, body=b'{"error":{"code":100}}')

    async def story() -> None:
        async with _graph(messages) as api:
            answer = await api.post("1/messages", b'{"a":"\\u00e9"}', TOKEN)
            assert answer == Answer(400, b'{"error":{"code":100}}')

    asyncio.run(story())
    assert seen == [("/v26.0/1/messages", f"Bearer {TOKEN}", "application/json", b'{"a":"\\u00e9"}')]


def it_holds_connections_open_and_many_requests_in_flight() -> None:
    gate: list[asyncio.Event] = []
    ports: set[int] = set()

    async def messages(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        gate[0].set() if len(ports) == 20 else None
        await gate[0].wait()
        return web.Response()

    async def story() -> None:
        gate.append(asyncio.Event())
        async with _graph(messages) as api:
            for _ in range(3):
                answers = await asyncio.gather(*(api.post("1/messages", b"{}", TOKEN) for _ in range(20)))
                assert answers == [Answer(200, b"")] * 20

    asyncio.run(story())
    assert len(ports) == 20


def it_says_not_sent_when_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert _post_to(f"http://127.0.0.1:{port}") == NotSent("ConnectionRefusedError")


def it_says_so_to_each_that_waits_for_one_connection() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def story() -> None:
        async with CloudApi(base_url=f"http://127.0.0.1:{port}", version="v26.0", connections=1) as api:
            said = await asyncio.gather(*(api.post("1/messages", b"{}", TOKEN) for _ in range(3)))
            assert said == [NotSent("ConnectionRefusedError")] * 3

    asyncio.run(story())


def it_refuses_a_token_that_would_end_its_header() -> None:
    async def story() -> None:
        async with CloudApi(base_url="http://127.0.0.1:9", version="v26.0") as api:
            with pytest.raises(BadAccessTokenError):
                await api.post("1/messages", b"{}", "EAA\r\nX-Other: 1")

    asyncio.run(story())


def it_says_not_sent_when_the_name_is_unknown() -> None:
    # Names below .invalid are nobody's, whichever network is asked.
    assert isinstance(_post_to("http://meta.invalid:80"), NotSent)


def it_says_not_sent_when_tls_cannot_be_agreed() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    assert isinstance(_through(plain, scheme="https"), NotSent)


def it_says_lost_when_the_connection_ends_before_the_answer() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    assert _through(silent) == Lost("connection_closed")


def it_says_lost_when_the_connection_ends_before_the_first_byte_was_read() -> None:
    async def rude(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    assert isinstance(_through(rude), Lost)


def it_never_repeats_a_post_when_a_kept_connection_ends() -> None:
    requests: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n{}"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        requests.append(await reader.readuntil(b"\r\n\r\n{}"))

    assert _through(once, times=2) == Lost("connection_closed")
    assert len(requests) == 2


def it_says_lost_when_the_answer_breaks_off() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"messages"')
        await writer.drain()

    assert _through(half) == Lost("connection_closed")


def it_says_lost_when_the_answer_is_no_http() -> None:
    async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\x01\x02\r\n\r\n")

    assert isinstance(_through(garbage), Lost)


def it_says_lost_when_the_deadline_passes() -> None:
    async def slow(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    assert isinstance(_through(slow, deadline_s=0.2), Lost)


def it_sends_nothing_late_that_waited_for_a_connection_while_its_process_stood_still() -> None:
    heard: dict[str, Answer | NotSent | Lost] = {}
    both = asyncio.Event()

    def hear(which: str, result: Answer | NotSent | Lost) -> None:
        heard[which] = result
        both.set() if len(heard) == 2 else None

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        came = threads.submit(_answer_one_after_a_while, server)

        async def story() -> None:
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            async with CloudApi(base_url=url, version="v26.0", connections=1, deadline_s=0.5) as api:
                api.send("1/messages", b"first", TOKEN, partial(hear, "first"))
                await asyncio.sleep(0.1)
                api.send("1/messages", b"second", TOKEN, partial(hear, "second"))
                # The whole process stands still; meanwhile the first answer comes.
                time.sleep(1.0)  # noqa: ASYNC251
                await asyncio.wait_for(both.wait(), 5)

        asyncio.run(story())
        posted = came.result()

    assert heard["second"] == NotSent("no_connection_in_time")
    assert b"first" in posted
    assert b"second" not in posted


def it_follows_no_redirect() -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        assert request.path == "/v26.0/1/messages"
        return web.Response(status=307, headers={"Location": "/v26.0/2/messages"})

    async def story() -> None:
        async with _graph(elsewhere) as api:
            assert await api.post("1/messages", b"{}", TOKEN) == Answer(307, b"")

    asyncio.run(story())


def it_lists_templates_over_all_pages_and_begins_again_when_a_cursor_has_expired() -> None:
    first = example("responses/message_templates.list.json")
    last = {"data": first["data"], "paging": {"cursors": {"after": "b"}}}
    expired = {"error": {"code": 131059, "message": "Invalid cursor"}}
    answers = [(200, first), (400, expired), (200, first), (200, last)]
    asked: list[str | None] = []

    async def pages(request: web.Request) -> web.Response:
        asked.append(request.query.get("after"))
        status, body = answers[len(asked) - 1]
        return web.Response(status=status, body=json.dumps(body).encode())

    async def story() -> None:
        async with _graph(pages) as api:
            templates = await api.list_templates("102290129340398", TOKEN)
            assert [template.name for template in templates] == ["autumn_newsletter"] * 2

    asyncio.run(story())
    assert asked == [None, "QVFIU_AFTER", None, "QVFIU_AFTER"]


def it_gets_a_numbers_state() -> None:
    health = example("responses/health_status.blocked-template.json")["health_status"]
    body = example("responses/phone.get.json") | {"health_status": health}

    async def number(_: web.Request) -> web.Response:
        return web.Response(body=json.dumps(body).encode())

    async def story() -> None:
        async with _graph(number) as api:
            assert await api.get_number("106540352242922", TOKEN) == NumberState(
                phone_number_id="106540352242922",
                display_phone_number="+1 555-010-0100",
                verified_name="Example Shop",
                quality="GREEN",
                status="CONNECTED",
                name_status="APPROVED",
                throughput="STANDARD",
                per_s=80,
                daily_limit=2000,
                is_on_business_app=False,
                can_send="BLOCKED",
                error_codes=(141002,),
            )

    asyncio.run(story())


@pytest.mark.parametrize(
    ("throughput", "on_app", "per_s"),
    [("HIGH", False, 1000), ("HIGH", True, 20), ("NOT_APPLICABLE", False, 80)],
)
def it_knows_how_fast_a_number_may_be(throughput: str, on_app: bool, per_s: int) -> None:  # noqa: FBT001 - a case
    async def number(_: web.Request) -> web.Response:
        return web.json_response({"id": "1", "throughput": {"level": throughput}, "is_on_biz_app": on_app})

    async def story() -> None:
        async with _graph(number) as api:
            assert (await api.get_number("1", TOKEN)).per_s == per_s

    asyncio.run(story())


def it_says_with_metas_code_why_a_question_was_refused() -> None:
    refusal = example("responses/errors/400.100-unknown-id.json")

    async def unknown(_: web.Request) -> web.Response:
        return web.json_response(refusal, status=400)

    async def story() -> None:
        async with _graph(unknown) as api:
            with pytest.raises(MetaRefusedError) as caught:
                await api.get_number("0", TOKEN)
            assert (caught.value.http_status, caught.value.code, caught.value.subcode) == (400, 100, 33)

    asyncio.run(story())


def it_says_that_an_answer_is_no_answer() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>")

    async def story() -> None:
        async with _graph(page) as api:
            with pytest.raises(MetaUnreadableError):
                await api.get_number("1", TOKEN)
            with pytest.raises(MetaUnreadableError):
                await api.list_templates("1", TOKEN)

    asyncio.run(story())


def it_says_that_meta_is_away() -> None:
    async def story() -> None:
        async with CloudApi(base_url="http://127.0.0.1:1", version="v26.0") as api:
            with pytest.raises(MetaUnreachableError):
                await api.list_templates("1", TOKEN)

    asyncio.run(story())


def it_works_only_while_it_is_open() -> None:
    api = CloudApi(base_url="http://127.0.0.1:1", version="v26.0")

    with pytest.raises(RuntimeError, match="async with"):
        asyncio.run(api.post("1/messages", b"", TOKEN))


@asynccontextmanager
async def _graph(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[CloudApi]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with CloudApi(base_url=f"http://127.0.0.1:{port}/", version="v26.0") as api:
            yield api
    finally:
        await runner.cleanup()


def _answer_one_after_a_while(server: socket.socket) -> bytes:
    """Answer one request on one connection, and give all that comes over it."""
    wire, _ = server.accept()
    with wire:
        posted = wire.recv(65_536)
        time.sleep(0.3)
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        wire.settimeout(2.0)
        with suppress(TimeoutError):
            while more := wire.recv(65_536):
                posted += more
    return posted


def _post_to(base_url: str) -> Answer | NotSent | Lost:
    async def story() -> Answer | NotSent | Lost:
        async with CloudApi(base_url=base_url, version="v26.0") as api:
            return await api.post("1/messages", b"{}", TOKEN)

    return asyncio.run(story())


def _through(
    wire: Wire, *, scheme: str = "http", deadline_s: float = 5.0, times: int = 1
) -> Answer | NotSent | Lost:
    """Post to a server that speaks so on the wire."""
    handled: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handled.append(task)
        try:
            await wire(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def story() -> Answer | NotSent | Lost:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            async with CloudApi(
                base_url=f"{scheme}://127.0.0.1:{port}", version="v26.0", deadline_s=deadline_s
            ) as api:
                for _ in range(times):
                    result = await api.post("1/messages", b"{}", TOKEN)
            await asyncio.gather(*handled, return_exceptions=True)
        return result

    return asyncio.run(story())
