"""Who was to get a campaign and what became of each: the people behind every number of its funnel."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, LiteralString

from django.db import connection
from psycopg import sql

from difusio.accounts import audit
from difusio.campaigns.models import Campaign
from difusio.campaigns.running import batch_ids
from difusio.common.sql import Queries
from difusio.contacts.identities import opened
from difusio.contacts.search import search
from difusio.outbox.models import State

_queries = Queries(Path(__file__).with_suffix(".sql"))
_PAGE_ROWS: Final = 2_000

# What a step of the funnel counts: the states that passed it, and what must hold besides.  A failed delivery keeps the
# rung that it had reached.
_STEPS: Final[Mapping[str, tuple[Sequence[State], LiteralString]]] = {
    "planned": (tuple(State), ""),
    "skipped": ((State.SKIPPED,), ""),
    "waiting": ((State.QUEUED, State.CLAIMED, State.SENDING), ""),
    "accepted": ((State.ACCEPTED, State.SENT, State.DELIVERED, State.READ, State.FAILED), ""),
    "delivered": (
        (State.DELIVERED, State.READ, State.FAILED),
        "AND (d.state <> 'failed' OR d.delivered_at IS NOT NULL)",
    ),
    "read": ((State.READ, State.FAILED), "AND (d.state <> 'failed' OR d.read_at IS NOT NULL)"),
    "failed": ((State.FAILED, State.REFUSED), ""),
    "refused": ((State.REFUSED,), ""),
    "in_doubt": ((State.IN_DOUBT,), ""),
    "parked": ((State.PARKED,), ""),
    "expired": ((State.EXPIRED,), ""),
    "cancelled": ((State.CANCELLED,), ""),
}
# Steps that are no state: found by when they happened, through an index of their own.
_ANSWERS: Final[Mapping[str, LiteralString]] = {"replied": "d.replied_at", "left": "d.left_at"}
STEPS: Final = (*_STEPS, *_ANSWERS)
LONGEST_NAME: Final = 80
# So many people of one name are looked for; in no order, because an order lets the planner walk through everybody.
_MOST_OF_A_NAME: Final = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which recipients.

    step: one of ``STEPS``.  cause: a skip's reason or Meta's code, "" for any.  name: how its words begin.
    """

    step: str = "planned"
    cause: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One delivery and its person.

    identities: kind → value, only where they were asked for.  is_possible_duplicate: it was sent once more while nobody
    knew whether Meta had taken it before.
    """

    identities: Mapping[str, str]
    delivery_id: int
    contact_id: int
    first_name: str
    last_name: str
    state: str
    reason: str
    code: int | None
    planned_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    replied_at: datetime | None
    left_at: datetime | None
    is_possible_duplicate: bool

    @property
    def last_at(self) -> datetime:
        """When what its state says happened, as far as that is known."""
        return self.failed_at or self.read_at or self.delivered_at or self.accepted_at or self.planned_at


def recipients(
    campaign: Campaign, wanted: Wanted, *, after: int, limit: int, with_identities: bool = False
) -> list[Recipient]:
    """Give up to ``limit`` recipients in the order of their deliveries, from the one after ``after``.

    campaign: with its workspace at hand.  Cost: 2 queries, 4 with a name, which read what they show and not the whole
    campaign.
    """
    batches = batch_ids(campaign.pk)
    parameters: dict[str, Any] = {
        "batches": batches,
        "states": [str(state) for state in _STEPS[wanted.step][0]] if wanted.step in _STEPS else [],
        "after": after,
        "limit": limit,
        "people": _people(campaign, wanted.name),
        "reason": wanted.cause,
        "code": int(wanted.cause) if _is_code(wanted.cause) else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_composed(wanted, with_identities=with_identities), parameters)
        return [Recipient(opened(kinds, sealed), *facts) for *facts, kinds, sealed in cursor.fetchall()]


def export_recipients(
    campaign: Campaign, wanted: Wanted, *, with_identities: bool, by: str, at: datetime
) -> Iterator[list[Recipient]]:
    """Give every recipient who is wanted, page by page, so that a million cost the memory of one page.

    That somebody took them along is in the audit log before the first of them is read.
    """
    audit.record(
        workspace_id=campaign.workspace_id,
        actor=by,
        act="campaign.people_exported",
        details={"campaign": campaign.pk, "step": wanted.step, "with_identities": with_identities},
        at=at,
    )
    return _pages(campaign, wanted, with_identities=with_identities)


def _pages(campaign: Campaign, wanted: Wanted, *, with_identities: bool) -> Iterator[list[Recipient]]:
    after = 0
    while page := recipients(
        campaign, wanted, after=after, limit=_PAGE_ROWS, with_identities=with_identities
    ):
        yield page
        after = page[-1].delivery_id


def _composed(wanted: Wanted, *, with_identities: bool) -> sql.Composed:
    column = _ANSWERS.get(wanted.step)
    besides = [sql.SQL(f"AND {column} IS NOT NULL" if column else _STEPS[wanted.step][1])]
    if _is_code(wanted.cause):
        besides.append(sql.SQL("AND d.reason = '' AND d.code = %(code)s"))
    elif wanted.cause:
        besides.append(sql.SQL("AND d.reason = %(reason)s"))
    if wanted.name:
        if not column:
            besides.append(sql.SQL("AND d.state = ANY(%(states)s)"))
        way = "named"
    else:
        way = "answered" if column else "standing"
    found = sql.SQL(_queries[way]).format(besides=sql.SQL(" ").join(besides))
    identities = sql.SQL(_queries["identities" if with_identities else "no_identities"])
    return sql.SQL(_queries["page"]).format(found=found, identities=identities)


def _is_code(cause: str) -> bool:
    return cause.isascii() and cause.isdecimal() and len(cause) < len(str(2**31))


def _people(campaign: Campaign, name: str) -> list[int]:
    if not name:
        return []
    workspace = campaign.workspace
    found = search(name, workspace_id=workspace.pk, country=workspace.country)
    return list(found.order_by().values_list("pk", flat=True)[:_MOST_OF_A_NAME])
