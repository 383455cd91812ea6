"""A simulator in a thread of its own, for whoever is not asynchronous: tests, scripts, demos."""

import asyncio
import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from whatsapp_simulator.graph.access import NEWEST_VERSION
from whatsapp_simulator.scenario import Scenario
from whatsapp_simulator.simulator import Simulator

_START_S = _STOP_S = 10.0
_ASK_AGAIN_S = 0.005
_HTTP_ERROR = 400


class ControlError(Exception):
    """The control plane refused; the message is its sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the Graph side."""

    status: int
    body: Any

    @property
    def code(self) -> int | None:
        """Meta's error code, if it is an error."""
        return self.body["error"]["code"] if "error" in self.body else None


class RunningSimulator:
    """`with RunningSimulator(scenario) as simulator: …`; everything goes over HTTP, as for anybody else."""

    def __init__(self, scenario: Scenario | None = None, *, port: int = 0, state: Path | None = None) -> None:
        self.scenario = scenario or Scenario()
        self._port = port
        self._state = state
        self._started: Future[str] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="whatsapp-simulator", daemon=True)

    @property
    def url(self) -> str:
        """The address of the Graph side, without version."""
        return self._started.result(timeout=_START_S)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(timeout=_START_S)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_STOP_S)

    def graph(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = NEWEST_VERSION,
        token: str | None = None,
    ) -> Reply:
        """Ask the Graph side; body: JSON, or bytes to send as they are; token: "" sends none."""
        token = self.scenario.setup.access_token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, answer = _ask(method, f"{self.url}/{version}/{path}", body, headers)
        return Reply(status, json.loads(answer))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control plane; raises ControlError with its sentence."""
        status, answer = _ask(method, f"{self.url}/_control/{path}", body, {})
        told = json.loads(answer)
        if status >= _HTTP_ERROR:
            raise ControlError(told["error"]["message"])
        return told

    def advance(self, seconds: float) -> None:
        """Move the clock ahead and wait until the receiver has got what fell due."""
        self.control("POST", "clock/advance", {"seconds": seconds})
        self.wait_until("settled")

    def wait_until(self, word: str, *, timeout_s: float = 30.0) -> None:
        """Wait for `settled` (nothing is due, no webhook on its way) or `idle` (and nothing will be)."""
        end = time.monotonic() + timeout_s
        while not (state := self.control("GET", "idle"))[word]:
            if time.monotonic() > end:
                raise TimeoutError(f"The simulator is not {word} after {timeout_s} s: {state}")
            time.sleep(_ASK_AGAIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as problem:
            if self._started.done():
                raise
            self._started.set_exception(problem)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with Simulator(self.scenario, port=self._port, state=self._state) as simulator:
            self._started.set_result(simulator.url)
            await self._stop.wait()


def _ask(method: str, url: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    asking = urllib.request.Request(  # noqa: S310 - the address is ours
        url, data=content, method=method, headers={"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(asking, timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()
