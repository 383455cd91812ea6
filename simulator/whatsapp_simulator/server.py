"""The HTTP face: reads requests, hands them to the Graph side or the control plane, writes the answers."""

import asyncio
import logging

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
from whatsapp_simulator.graph.routes import answer, takes_files
from whatsapp_simulator.graph.trouble import trouble
from whatsapp_simulator.life import Life
from whatsapp_simulator.media import LARGEST_FILE_BYTES
from whatsapp_simulator.world import World

MAX_BODY_BYTES = 8 * 1024 * 1024
_MAX_GRAPH_BODY_BYTES = 1024 * 1024
# The largest file, and the form around it.
_MAX_FILE_BODY_BYTES = LARGEST_FILE_BYTES + 64 * 1024
_JSON = "application/json"
_TOO_LONG = Problem(100, 413, "(#100) Invalid parameter", "The request body is too long.")
_UNREADABLE = Problem(100, 400, "(#100) Invalid parameter", "The request body cannot be read.")

_logger = logging.getLogger(__name__)


class Face:
    """One handler for every request; aiohttp's router would cost more than the rest of a send."""

    def __init__(self, world: World, life: Life) -> None:
        self._world = world
        self._life = life
        self._control = Control(world, life)

    async def handle(self, request: BaseRequest) -> web.StreamResponse:
        """Answer a request, whatever it is."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=_TOO_LONG.http_status, body=_TOO_LONG.body(), content_type=_JSON)
        except Exception:  # noqa: BLE001 - whatever breaks while a body is read is the caller's doing
            return web.Response(status=_UNREADABLE.http_status, body=_UNREADABLE.body(), content_type=_JSON)
        path = request.path
        try:
            if path.startswith(ROOT):
                told = await self._control.answer(
                    ControlRequest(request.method, path.removeprefix(ROOT), request.query, body)
                )
                return web.Response(
                    status=told.status, body=told.body, headers={"Content-Type": told.content_type}
                )
            return await self._graph(request, path, body)
        except Exception:
            _logger.exception("server.request_broke")
            return web.Response(status=500, body=problem(1).body(), content_type=_JSON)

    async def _graph(self, request: BaseRequest, path: str, body: bytes) -> web.StreamResponse:
        if len(body) > _MAX_GRAPH_BODY_BYTES and not takes_files(path):
            told = Answer(_TOO_LONG.http_status, _TOO_LONG.body())
        else:
            url = f"http://{request.host}{path}"
            call = GraphRequest(request.method, path, url, request.query, request.headers, body)
            said = trouble(self._world, call) or answer(self._world, self._life, call)
            told = said if isinstance(said, Answer) else await said
        if told.wait_s:
            await asyncio.sleep(told.wait_s)
        if told.connection_lost and request.transport is not None:
            # Nobody is told, whatever happened: what a lost answer looks like from outside.
            request.transport.abort()
        headers = {"Content-Type": told.content_type, **dict(told.headers)}
        return web.Response(status=told.status, body=told.body, headers=headers)


def make_server(world: World, life: Life) -> web.Server:
    """Make the server; it never logs requests, because they hold addresses."""
    # aiohttp would log a traceback for each line that is not HTTP; what breaks in here, Face logs itself.
    silent = logging.getLogger("whatsapp_simulator.http")
    silent.setLevel(logging.CRITICAL)
    return web.Server(Face(world, life).handle, request_factory=_make_request, access_log=None, logger=silent)


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> BaseRequest:
    loop = asyncio.get_running_loop()
    most = _MAX_FILE_BODY_BYTES if takes_files(message.url.path) else MAX_BODY_BYTES
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=most)
