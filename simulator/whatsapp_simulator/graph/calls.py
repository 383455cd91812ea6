"""One call to the Graph side as its handler gets it: who is meant, and each parameter however it was given."""

import urllib.parse
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.multipart import read_form
from whatsapp_simulator.life import Life
from whatsapp_simulator.reading import whole
from whatsapp_simulator.world import Line, World


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """What the server read: url is the address without its query."""

    method: str
    path: str
    url: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose version and token were right; `node` is the id it begins with, `item` what ends it.

    Of `/v26.0/106540352242922/message_qrdls/4O4YGZEG3RIVE1` the item is the code.
    """

    world: World
    life: Life
    request: GraphRequest
    version: str
    node: str
    item: str = ""

    @property
    def query(self) -> Mapping[str, str]:
        """The query of the address."""
        return self.request.query

    @property
    def now(self) -> float:
        """The simulated time."""
        return self.world.clock.now()

    @property
    def line(self) -> Line:
        """The number that is meant."""
        return self.world.lines[self.node]

    def params(self) -> dict[str, Any]:
        """Read the parameters, however they were given; raises RefusedError where the body holds none."""
        return read_params(self.request)


Handler = Callable[[Call], object]
"""Answers a call with an Answer, or with what JSON of a 200 says; raises RefusedError."""


def read_params(request: GraphRequest) -> dict[str, Any]:
    """Read the parameters: those of the query, and above them those of the body.

    The body is a JSON object, whatever type it says it is of, or a form; an empty one holds none.  What stands in
    a query or a form is a string, or what it says if it is JSON's object or array, or the bytes of a file.
    Raises RefusedError for a body that is neither.
    """
    body, query = request.body, request.query
    # Nearly always.
    if body[:1] == b"{" and not query:
        return read_object(body)
    read = _decoded(query)
    if body.lstrip()[:1] == b"{":
        return read | read_object(body)
    kind = request.headers.get("Content-Type", "").lower()
    if not body.strip():
        return read
    if kind.startswith("multipart/form-data"):
        parts = read_form(request.headers, body)
        files = {name: part.content for name, part in parts.items() if part.filename}
        return read | files | _decoded({name: parts[name].text for name in parts.keys() - files.keys()})
    if kind.startswith("application/x-www-form-urlencoded"):
        text = body.decode("utf-8", "replace")
        return read | _decoded(dict(urllib.parse.parse_qsl(text, keep_blank_values=True)))
    return read | read_object(body)


def _decoded(texts: Mapping[str, str]) -> dict[str, Any]:
    """Read the values that are JSON written out, as Graph does."""
    return {name: value if name in _STAYS_TEXT else _meant(value) for name, value in texts.items()}


def _meant(text: str) -> Any:
    if text[:1] in ("{", "["):
        with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            return msgspec.json.decode(text)
    return text


def read_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object."""
    try:
        written = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise parameter("(#100) Invalid parameter", "The request body is not valid JSON.") from None
    if not isinstance(written, dict):
        raise parameter("(#100) Invalid parameter", "The request body must be a JSON object.")
    return written


DONE = {"success": True}
_STAYS_TEXT = frozenset({"flow_json"})
"""What is JSON for whoever reads it later."""
_LATEST = 253_402_300_799
"""The last second of the year 9999, where calendars end."""


def needs_product(params: Mapping[str, Any]) -> None:
    """Refuse parameters that do not say `messaging_product`."""
    if "messaging_product" not in params:
        raise parameter("(#100) The parameter messaging_product is required.")
    if params["messaging_product"] != "whatsapp":
        raise parameter("(#100) Param messaging_product must be one of {WHATSAPP}")


def text_of(params: Mapping[str, Any], name: str, *, longest: int | None = None, needed: bool = True) -> str:
    """Read a parameter that is a text, "" if it may be left out and is."""
    value = params.get(name)
    if value is None or value == "":
        if needed:
            raise parameter(f"(#100) The parameter {name} is required.")
        return ""
    if not isinstance(value, str):
        raise parameter(f"(#100) Param {name} must be a string")
    if longest is not None and len(value) > longest:
        raise parameter(f"(#100) Param {name} must be at most {longest} characters long.")
    return value


def flag_of(params: Mapping[str, Any], name: str) -> bool | None:
    """Read a parameter that is a boolean, as JSON or as a word; None if it is left out."""
    value = params.get(name)
    if value is None:
        return None
    words = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise parameter(f"(#100) Param {name} must be a boolean")


def one_of(value: object, name: str, allowed: tuple[str, ...]) -> str:
    """Read a word that must be one of a few, in any case."""
    word = value.upper() if isinstance(value, str) else ""
    if word not in allowed:
        raise parameter(f"(#100) Param {name} must be one of {{{', '.join(allowed)}}}")
    return word


def listed(value: object, name: str, *, most: int | None = None) -> list[Any]:
    """Read a list, given as JSON, as JSON in a string, or with commas in a query."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            # In `fields` and queries Graph takes words without quotes too.
            parts = str(value).strip().removeprefix("[").removesuffix("]").split(",")
            value = [part.strip(" \"'") for part in parts if part.strip()]
        if not isinstance(value, list):
            value = [value]
    if not isinstance(value, list):
        raise parameter(f"(#100) Param {name} must be an array.")
    if most is not None and len(value) > most:
        raise parameter(f"(#100) Param {name} must have at most {most} elements.")
    return value


def moment_of(params: Mapping[str, Any], name: str) -> int:
    """Read a time in seconds since 1970."""
    written = params.get(name)
    if written in (None, ""):
        raise parameter(f"(#100) The parameter {name} is required.")
    moment = whole(written, most=_LATEST)
    if moment is None:
        raise refused(100, f"Param {name} must be a UNIX timestamp.")
    return moment
