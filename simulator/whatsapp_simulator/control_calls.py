"""One call to the control plane, and how it is told."""

from collections.abc import Mapping
from dataclasses import dataclass

ROOT = "/_control/"


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """What the server read; path: what follows `/_control/`."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in JSON."""

    status: int
    body: bytes


class NotFoundError(Exception):
    """There is no such thing; the message says which."""
