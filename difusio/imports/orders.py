"""Take in a shop's orders: contacts by customer number, ``bought`` and ``returned`` events with their amounts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.contacts.identities import new_identity
from difusio.contacts.models import IdentityKind
from difusio.imports.order_lines import OrderLine, OrdersFile, RefusedLine, open_orders
from difusio.imports.result import Imported
from difusio.imports.shapes import DateOrder
from difusio.imports.staging import BATCH_ROWS, ImportOverlapped, Progress, Staging, staged, tell_planner

queries = Queries(Path(__file__).with_suffix(".sql"))

KIND: Final = "orders"
# Customers remembered while the file streams by, so that few are sealed twice; about 30 MB.
_REMEMBERED: Final = 100_000

_LINE_COLUMNS: Final = ("line", "order_key", "event", "customer_hash", "at", "quantity", "total", "country")
_CUSTOMER_COLUMNS: Final = ("value_hash", "value_sealed", "suppression_hash")


def import_orders(
    path: Path,
    *,
    workspace_id: int,
    by: str,
    at: datetime,
    shift: timedelta = timedelta(0),
    date_order: DateOrder | Literal[""] = "",
    refused_to: Path | None = None,
    chosen: Mapping[int, str] = MappingProxyType({}),
    is_trial: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Take in a CSV of orders, one row an order or one row a line, all or nothing.

    Credit notes (``C…``) and negative quantities become ``returned`` events; rows without a customer are refused.
    by: who answers for it.  shift: added to every order's time (the demo moves an old history to now).
    date_order: how dates are written, where the file itself does not tell.  refused_to: where refused rows are
    written; beside the file by default.  chosen: what a member said that columns are.  is_trial: find out what would
    happen, and undo it.  progress: hears how far it is.  Repeating it changes nothing: an order is known by its number.
    Raises ImportRefused in all its kinds.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    file = open_orders(
        path,
        zone=ZoneInfo(workspace.time_zone),
        date_order=date_order,
        prefers_day_first=workspace.country != "US",
        chosen=chosen,
    )
    with staged(
        file.table, workspace_id=workspace_id, refused_to=refused_to, is_trial=is_trial, progress=progress
    ) as staging:
        staging.run(queries["stage_lines"])
        staging.run(queries["stage_customers"])
        _stage(file, staging)
        staging.run(queries["analyze_staged"])
        staging.run(queries["refuse_other_customers"])
        contacts_new, contacts_updated = _merge_contacts(staging, at=at)
        events_new = staging.run(queries["add_events"], shift=shift)
        reasons = staging.reasons()
        staging.write_refused()
        stored = staging.record(
            kind=KIND,
            rows=file.rows,
            contacts_new=contacts_new,
            contacts_updated=contacts_updated,
            events_new=events_new,
            entries=0,
            by=by,
            at=at,
        )
    result = Imported(
        import_id=stored.pk,
        rows=file.rows,
        taken=file.rows - staging.refused,
        contacts_new=contacts_new,
        contacts_updated=contacts_updated,
        events_new=events_new,
        entries=0,
        refused=staging.refused,
        refused_file=staging.target if staging.refused and not is_trial else None,
        notes=file.notes,
        reasons=reasons,
    )
    if not is_trial:
        tell_planner(result)
    return result


def _stage(file: OrdersFile, staging: Staging) -> None:
    customers = _Customers()
    lines: list[tuple[Any, ...]] = []
    refused: list[tuple[int, str]] = []
    for read, line in enumerate(file.lines()):
        if isinstance(line, RefusedLine):
            refused.append((line.line, line.reason))
        else:
            lines.append(_staged_line(line, customers.hash(line.customer)))
        if len(lines) + len(refused) >= BATCH_ROWS:
            _flush(staging, lines, refused, customers)
            staging.tell("reading", read + 1, file.rows)
    _flush(staging, lines, refused, customers)
    staging.tell("sorting", file.rows, file.rows)


def _staged_line(line: OrderLine, customer: bytes) -> tuple[Any, ...]:
    return (line.line, line.order, line.event, customer, line.at, line.quantity, line.total, line.country)


def _flush(
    staging: Staging, lines: list[tuple[Any, ...]], refused: list[tuple[int, str]], customers: "_Customers"
) -> None:
    staging.copy("import_line", _LINE_COLUMNS, lines)
    staging.copy("import_customer", _CUSTOMER_COLUMNS, customers.take_new())
    staging.refuse(refused)
    lines.clear()
    refused.clear()


class _Customers:
    """Hashes customer numbers; seals each when it is first met."""

    def __init__(self) -> None:
        self._keys = keyring()
        self._hashes: dict[str, bytes] = {}
        self._new: list[tuple[bytes, bytes, bytes]] = []

    def hash(self, number: str) -> bytes:
        known = self._hashes.get(number)
        if known is not None:
            return known
        if len(self._hashes) >= _REMEMBERED:
            self._hashes.clear()
        identity = new_identity(IdentityKind.CUSTOMER, number, keys=self._keys)
        self._new.append((identity.value_hash, identity.value_sealed, identity.suppression_hash))
        self._hashes[number] = identity.value_hash
        return identity.value_hash

    def take_new(self) -> list[tuple[bytes, bytes, bytes]]:
        new, self._new = self._new, []
        return new


def _merge_contacts(staging: Staging, *, at: datetime) -> tuple[int, int]:
    """Give how many contacts are new and how many changed.  Raises ImportOverlapped."""
    staging.run(queries["know_customers"])
    new = staging.run(queries["number_new_contacts"])
    staging.run(queries["add_contacts"], at=at)
    if staging.run(queries["add_identities"]) != new:
        raise ImportOverlapped(ImportOverlapped.__doc__)
    return new, staging.run(queries["complete_contacts"])
