"""What the platform says (its exported audience and ledger) and what the simulator saw."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

_PAGE: Final = 10_000
_WAIT_S: Final = 60.0
# What people in the simulator write or tap to leave; it shows its own list in its README.
_LEAVING: Final = ("baixa", "baja", "stop", "unsubscribe", "atura", "deixa", "deja", "no rebre", "no recibir")


class OutsideError(Exception):
    """An export cannot be read, or the simulator does not answer."""


@dataclass(frozen=True, slots=True)
class Member:
    """One row of the exported audience."""

    customer: str
    phone: str
    user_id: str
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of the exported ledger.  known_at: when the platform recorded it; at: when the person acted."""

    customer: str
    phone: str
    user_id: str
    topic: str
    is_grant: bool
    at: datetime
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that the simulator accepted.  at: real seconds since 1970.

    failed_with: the code it failed with later, asked for only where somebody seems to have got the same twice.
    """

    at: float
    wamid: str
    address: str
    person: str
    is_template: bool
    template: str
    content_hash: str
    failed_with: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One thing that a person wrote, tapped or switched."""

    at: float
    address: str
    person: str
    is_leaving: bool
    is_return: bool
    is_native: bool  # by WhatsApp's own switch, which shows the person itself that it worked


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the simulator saw.  refused: requests refused, by code."""

    accepted: tuple[Accepted, ...]
    written: tuple[Written, ...]
    refused: dict[str, int]


def read_audience(path: Path) -> list[Member]:
    """Read the exported audience.  Raises OutsideError."""
    return [
        Member(
            customer=str(row.get("customer") or ""),
            phone=str(row.get("phone") or ""),
            user_id=str(row.get("user_id") or ""),
            state=str(row["state"]),
            reason=str(row.get("reason") or ""),
            at=datetime.fromisoformat(row["at"]),
        )
        for row in _lines(path)
    ]


def read_ledger(path: Path) -> list[LedgerRow]:
    """Read the exported ledger, requests left out: they allow nothing.  Raises OutsideError."""
    return [
        LedgerRow(
            customer=str(row.get("customer") or ""),
            phone=str(row.get("phone") or ""),
            user_id=str(row.get("user_id") or ""),
            topic=str(row["topic"]),
            is_grant=row["act"] in {"granted", "renewed"},
            at=datetime.fromisoformat(row["at"]),
            known_at=datetime.fromisoformat(row.get("recorded_at") or row["at"]),
        )
        for row in _lines(path)
        if row["act"] != "requested"
    ]


def see(url: str, *, numbers: frozenset[str] = frozenset(), after: int = 0) -> Seen:
    """Ask the simulator for all that it accepted and heard.  Raises OutsideError.

    numbers: on these alone, Meta's ids; empty: on all.  after: of the accepted rows, those behind this one.
    """
    base = url.rstrip("/")
    accepted = tuple(
        Accepted(
            at=float(row.get("real_at", row["at"])),
            wamid=str(row.get("wamid") or ""),
            address=str(row["address"]),
            person=str(row["person"]),
            is_template=row["type"] == "template",
            template=str(row.get("template") or ""),
            content_hash=str(row["content_hash"]),
        )
        for row in _pages(base, "accepted", after)
        if not numbers or row["phone_number_id"] in numbers
    )
    written = tuple(
        Written(
            at=float(row.get("real_at", row["at"])),
            address=str(row["address"]),
            person=str(row["person"]),
            is_leaving=_means_leaving(str(row.get("kind") or ""), str(row.get("text") or "")),
            is_return=row.get("kind") == "resume",
            is_native=row.get("kind") in {"stop", "resume"},
        )
        for row in _pages(base, "inbound")
        if not numbers or row["phone_number_id"] in numbers
    )
    counts = _get(f"{base}/_control/counts")
    refused = {str(code): int(n) for code, n in counts.get("refused", {}).items()}
    return Seen(_with_failures(base, accepted), written, refused)


def _with_failures(base: str, accepted: tuple[Accepted, ...]) -> tuple[Accepted, ...]:
    """Ask of messages that stand there twice whether they failed: a second try after a failure is no repetition."""
    copies = Counter((row.person, row.content_hash) for row in accepted if row.is_template)
    failures: dict[str, int] = {}
    for address in {row.address for row in accepted if copies[row.person, row.content_hash] > 1}:
        person = _get(f"{base}/_control/people/{quote(address)}")
        failures |= {
            row["wamid"]: row["failed_with"]
            for row in person.get("chat", [])
            if row.get("failed_with") is not None
        }
    return tuple(replace(row, failed_with=failures.get(row.wamid)) for row in accepted)


def _means_leaving(kind: str, text: str) -> bool:
    plain = text.lower()
    return kind == "stop" or (kind != "resume" and any(word in plain for word in _LEAVING))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    yield json.loads(line)
    except (OSError, ValueError) as error:
        raise OutsideError(f"{path}: {error}") from None


def _pages(base: str, name: str, after: int = 0) -> Iterator[dict[str, Any]]:
    while True:
        page = _get(f"{base}/_control/{name}?after={after}&limit={_PAGE}")
        rows = page["data"]
        if not rows:
            return
        yield from rows
        after = int(rows[-1]["seq"])


def _get(url: str) -> dict[str, Any]:
    try:
        with urlopen(url, timeout=_WAIT_S) as response:  # noqa: S310  # the address is given by who runs the check
            answer: dict[str, Any] = json.load(response)
    except (URLError, OSError, ValueError) as error:
        raise OutsideError(f"The simulator does not answer at {url}: {error}") from None
    return answer
