"""The HTTP face: reads requests, hands them to the Graph side or the control plane, writes the answers."""

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest

from whatsapp_simulator.control import Control
from whatsapp_simulator.control_calls import ROOT, ControlRequest
from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.calls import GraphRequest
from whatsapp_simulator.graph.errors import Problem, problem
from whatsapp_simulator.graph.routes import answer, may_send, takes_files
from whatsapp_simulator.graph.trouble import met_by_faults, trouble
from whatsapp_simulator.life import Life
from whatsapp_simulator.media import LARGEST_FILE_BYTES
from whatsapp_simulator.page.files import PAGE, answer_page, wants_page
from whatsapp_simulator.reading import legible
from whatsapp_simulator.traffic import Entry
from whatsapp_simulator.world import World

_MAX_CONTROL_BODY_BYTES = 8 * 1024 * 1024
_MAX_GRAPH_BODY_BYTES = 1024 * 1024
# The largest file, and the form around it.
_MAX_FILE_BODY_BYTES = LARGEST_FILE_BYTES + 64 * 1024
_JSON = "application/json"
_TOO_LONG = Problem(100, 413, "(#100) Invalid parameter", "The request body is too long.")
_TOO_SLOW = Problem(100, 408, "(#100) Invalid parameter", "The request body did not come in time.")
_UNREADABLE = Problem(100, 400, "(#100) Invalid parameter", "The request body cannot be read.")

# A file that somebody sent is shown on the page's own address: whatever it holds, it runs nothing there.
_FILES_ARE_INERT = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}

_NO_QUERY: Mapping[str, str] = {}

_logger = logging.getLogger(__name__)


class Face:
    """One handler for every request; aiohttp's router would cost more than the rest of a send."""

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._life = life
        self._control = Control(world, life)

    async def handle(self, request: BaseRequest) -> web.StreamResponse:
        """Answer a request, whatever it is."""
        body = await self._body(request)
        if isinstance(body, Problem):
            return web.Response(status=body.http_status, body=body.body(), content_type=_JSON)
        path = request.path
        try:
            if path.startswith(ROOT):
                told = await self._control.answer(
                    ControlRequest(request.method, path.removeprefix(ROOT), request.query, body)
                )
                headers = {"Content-Type": told.content_type, **_FILES_ARE_INERT}
                return web.Response(status=told.status, body=told.body, headers=headers)
            if path.startswith(PAGE) or (path == "/" and wants_page(request)):
                return answer_page(request.method, path)
            return await self._graph(request, body)
        except Exception:
            _logger.exception("server.request_broke")
            return web.Response(status=500, body=problem(1).body(), content_type=_JSON)

    async def _body(self, request: BaseRequest) -> bytes | Problem:
        """Read the body, or tell why not; one that says itself that it is too long is not read at all."""
        try:
            if (request.content_length or 0) > _most_bytes(request.path):
                return _TOO_LONG
            # Nearly always it came with its head; only for another one a clock has to run.
            if request.content.is_eof():
                return await request.read()
            return await self._rest(request) if self._is_worth_reading(request) else b""
        except web.HTTPRequestEntityTooLarge:
            return _TOO_LONG
        except TimeoutError:
            return _TOO_SLOW
        except Exception:  # noqa: BLE001 - whatever breaks while a body is read is the caller's doing
            return _UNREADABLE

    async def _rest(self, request: BaseRequest) -> bytes:
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            # The low-level server leaves it to us; curl waits a second for it before it sends a larger body.
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async with asyncio.timeout(self._world.habits.body_s):
            return await request.read()

    def _is_worth_reading(self, request: BaseRequest) -> bool:
        """Tell whether the body may matter: a file of somebody who may not send one is refused without it."""
        if request.path.startswith(ROOT) or not takes_files(request.path):
            return True
        return may_send(self._world, self._life, self._call(request, b""))

    @staticmethod
    def _call(request: BaseRequest, body: bytes) -> GraphRequest:
        path = request.path
        url = legible(f"http://{request.host}{path}")
        query = request.query if "?" in request.raw_path else _NO_QUERY
        return GraphRequest(request.method, path, url, query, request.headers, body)

    async def _graph(self, request: BaseRequest, body: bytes) -> web.StreamResponse:
        call = self._call(request, body)
        troubled = trouble(self._world, call)
        said = troubled or answer(self._world, self._life, call)
        told = said if isinstance(said, Answer) else await said
        if troubled is None and self._world.faults.meet_calls:
            told = met_by_faults(self._world, call, told)
        if self._world.traffic.has_room("call"):
            self._see(request, body, told)
        if told.wait_s:
            await asyncio.sleep(told.wait_s)
        if told.connection_lost and request.transport is not None:
            # Nobody is told, whatever happened: what a lost answer looks like from outside.
            request.transport.abort()
        headers = {"Content-Type": told.content_type, **dict(told.headers)}
        return web.Response(status=told.status, body=told.body, headers=headers)

    def _see(self, request: BaseRequest, body: bytes, told: Answer) -> None:
        node = next((part for part in request.path.split("/") if part.isdecimal()), "")
        seen = Entry(
            kind="call",
            method=request.method,
            url=request.path_qs,
            sent=body,
            headers=request.headers,
            status=told.status,
            answered=told.body,
            phone_number_id=node if node in self._world.lines else "",
            lost="the fault lose_answer: the connection was closed" if told.connection_lost else "",
        )
        self._world.traffic.keep(seen, at=self._world.clock.now())


def make_server(world: World, life: Life) -> web.Server:
    """Make the server; it never logs requests, because they hold addresses."""
    # aiohttp would log a traceback for each line that is not HTTP; what breaks in here, Face logs itself.
    silent = logging.getLogger("whatsapp_simulator.http")
    silent.setLevel(logging.CRITICAL)
    return web.Server(
        Face(world, life).handle,
        request_factory=_make_request,
        access_log=None,
        logger=silent,
        keepalive_timeout=world.habits.idle_s,
    )


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> BaseRequest:
    loop = asyncio.get_running_loop()
    most = _most_bytes(message.url.path)
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most)


def _most_bytes(path: str) -> int:
    if path.startswith(ROOT):
        return _MAX_CONTROL_BODY_BYTES
    return _MAX_FILE_BODY_BYTES if takes_files(path) else _MAX_GRAPH_BODY_BYTES
