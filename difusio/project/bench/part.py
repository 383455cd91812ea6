"""Parts of a bench in processes of their own: started by name, answering in lines of JSON, gone with the bench."""

import json
import subprocess
import sys
from types import TracebackType
from typing import IO, Any, Self, cast

from difusio.common.sentences import SentenceError

_END_S = 30.0


class PartFailed(SentenceError):
    """A part of the bench ended without its figure: what it wrote above says why."""


class Part:
    """A running part; leaving the ``with`` closes its standard input, which is how it is told to end."""

    def __init__(self, module: str, act: str, **plan: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__, module, act, json.dumps(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # Promises to the type checker: both are pipes.
        self._input = cast("IO[str]", self._process.stdin)
        self._output = cast("IO[str]", self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._input.close()
        try:
            self._process.wait(_END_S if kind is None else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()

    def said(self) -> dict[str, Any]:
        """Wait for the part's next line.  Raises PartFailed."""
        line = self._output.readline()
        if not line:
            raise PartFailed(PartFailed.__doc__)
        said: dict[str, Any] = json.loads(line)
        return said

    def ended(self) -> dict[str, Any]:
        """Tell the part to end and give its last line.  Raises PartFailed."""
        self._input.close()
        return self.said()


def measured(module: str, act: str, **plan: object) -> dict[str, Any]:
    """Run a part to its end and give what it measured.  Raises PartFailed."""
    with Part(module, act, **plan) as part:
        return part.said()
