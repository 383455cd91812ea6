"""What is parked and waits for a person: by campaign and cause, and whom it concerns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, LiteralString

import msgspec
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from difusio.accounts import audit
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.contacts.identities import opened
from difusio.message_templates.models import Template
from difusio.outbox.claim import CONTENT
from difusio.reports.timeline import sent_text

_queries = Queries(Path(__file__).with_suffix(".sql"))
_PAGE_ROWS: Final = 2_000
# Why nobody knows, by the last attempt.
_CAUSE: Final[LiteralString] = """CASE WHEN last.http_status IS NOT NULL THEN 'fault'
        WHEN last.outcome = 'in_doubt' THEN 'silence' ELSE 'stopped' END"""
CAUSES: Final[Mapping[str, Promise]] = {
    "fault": gettext_lazy("Meta answered with a fault of its own."),
    "silence": gettext_lazy("No answer came."),
    "stopped": gettext_lazy("Our sender was stopped before an answer came."),
}


@dataclass(frozen=True, slots=True)
class Group:
    """campaign_id: 0 for answers and tests.  is_over: too late or cancelled, so that it cannot leave once more."""

    campaign_id: int
    campaign_name: str
    cause: str
    is_over: bool
    n: int
    since: datetime | None

    @property
    def sentence(self) -> str:
        """Why nobody knows, in the reader's language."""
        return str(CAUSES[self.cause])


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked delivery.

    text: what was sent, "" for who may not read it.  is_possible_duplicate: it was sent once more already.
    """

    text: str
    identities: Mapping[str, str]
    delivery_id: int
    contact_id: int
    first_name: str
    last_name: str
    campaign_id: int
    campaign_name: str
    cause: str
    since: datetime | None
    is_possible_duplicate: bool

    @property
    def sentence(self) -> str:
        """Why nobody knows, in the reader's language."""
        return str(CAUSES[self.cause])


def groups(workspace_id: int, *, at: datetime) -> list[Group]:
    """Count what waits for a decision, by campaign and cause.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["groups"].replace("{cause}", _CAUSE), {"workspace": workspace_id, "at": at})
        return [Group(*row) for row in cursor.fetchall()]


def parked(
    workspace_id: int,
    *,
    before: int | None,
    limit: int,
    with_texts: bool,
    with_identities: bool = False,
) -> list[Parked]:
    """Give up to ``limit`` of them, the newest first, from the one before ``before``.  Cost: 1 query, 2 with texts."""
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["people"].replace("{cause}", _CAUSE),
            {
                "workspace": workspace_id,
                "before": before,
                "limit": limit,
                "with_identities": with_identities,
            },
        )
        rows = cursor.fetchall()
    templates = Template.objects.in_bulk({row[9] for row in rows if row[9]}) if with_texts and rows else {}
    return [
        Parked(
            _text(row[10], templates.get(row[9])) if with_texts and row[10] else "",
            opened(row[11], row[12]),
            *row[:9],
        )
        for row in rows
    ]


def export_parked(
    workspace_id: int, *, with_texts: bool, with_identities: bool, by: str, at: datetime
) -> Iterator[list[Parked]]:
    """Give all of them, page by page; that somebody took them along is in the audit log before."""
    audit.record(
        workspace_id=workspace_id,
        actor=by,
        act="parked.exported",
        details={"with_identities": with_identities},
        at=at,
    )
    return _pages(workspace_id, with_texts=with_texts, with_identities=with_identities)


def _pages(workspace_id: int, *, with_texts: bool, with_identities: bool) -> Iterator[list[Parked]]:
    before: int | None = None
    while page := parked(
        workspace_id,
        before=before,
        limit=_PAGE_ROWS,
        with_texts=with_texts,
        with_identities=with_identities,
    ):
        yield page
        before = page[-1].delivery_id


def _text(sealed: Any, template: Template | None) -> str:  # Any: bytes, or what the driver gives for them
    content = msgspec.json.decode(keyring().open(bytes(sealed), purpose=CONTENT))
    return sent_text(content, template)
