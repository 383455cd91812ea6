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
    """An answer, in JSON unless it is a file."""

    status: int
    body: bytes
    content_type: str = "application/json"


class NotFoundError(Exception):
    """There is no such thing; the message says which."""
