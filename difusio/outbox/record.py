"""Write back what became of each request, and stop what the answers say must stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from difusio.cloud_api.verdicts import DAY_S
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.common.binding import NO_WAIT, binding_cursor
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.outbox.tallies import Change, bump, rung

_queries = Queries(Path(__file__).with_suffix(".sql"))

WAMID = "outbox.wamid"
# Meta's code for a person whose share of marketing is used up.
HAD_ENOUGH: Final = 131049


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request.

    outcome: a verdict's word of cloud_api (accepted, retry, give_up, …).
    retry_at: when a definite and retryable refusal may be tried again.
    """

    token: UUID
    outcome: str
    http_status: int | None = None
    code: int | None = None
    wamid: str = ""
    retry_at: datetime | None = None


def withdrawing(outcomes: Sequence[Outcome]) -> list[tuple[int, int]]:
    """Give (workspace id, contact id) of those of whom an answer says that they stopped marketing at Meta.

    Their withdrawals are written before the answers are recorded, which happens once.  Cost: at most 1 query.
    """
    tokens = [outcome.token for outcome in outcomes if outcome.outcome == Word.WITHDRAW_CONSENT]
    if not tokens:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_queries["withdrawing"], {"tokens": tokens})
        return list(cursor.fetchall())


def record(outcomes: Sequence[Outcome], *, at: datetime) -> None:
    """Write ``outcomes`` back in one transaction.

    Repeating it changes nothing.  The commit does not wait for the disk: undone by a power cut, it leaves what an
    unheard answer leaves, an intent in doubt whose echo will tell.  Cost: 3 queries.
    """
    keys = keyring()
    wamids = [outcome.wamid for outcome in outcomes if outcome.wamid]
    sealed = iter(keys.seal_all([wamid.encode() for wamid in wamids], purpose=WAMID))
    with transaction.atomic(), binding_cursor() as cursor:
        cursor.execute(NO_WAIT)
        cursor.execute(
            _queries["record"],
            {
                "tokens": [outcome.token for outcome in outcomes],
                "outcomes": [outcome.outcome for outcome in outcomes],
                "statuses": [outcome.http_status for outcome in outcomes],
                "codes": [outcome.code for outcome in outcomes],
                "wamids_sealed": [next(sealed) if outcome.wamid else None for outcome in outcomes],
                "wamid_hashes": [
                    keys.hash(outcome.wamid, kind="wamid") if outcome.wamid else None for outcome in outcomes
                ],
                "retries": [outcome.retry_at for outcome in outcomes],
                "at": at,
            },
        )
        rows = cursor.fetchall()
        bump(
            cursor,
            [
                Change(batch, was, was_detail, rung(was), state, detail, rung(state), n)
                for batch, was, was_detail, state, detail, n in rows
            ],
        )


def stop_number(number_id: int, *, reason: str, at: datetime, told_at: datetime | None = None) -> None:
    """Let nothing more leave from a number; ``reason`` is the code that says why, for the console to put in words.

    told_at: of when the reason is, if not of now; a number that a person let go on since then goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["stop_number"], {"number": number_id, "reason": reason, "at": at, "told_at": told_at}
        )


def stop_template(delivery_id: int, *, reason: str, at: datetime) -> None:
    """Pause every open batch with the template of this delivery."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["stop_template"], {"delivery": delivery_id, "reason": reason, "at": at})


def park(number_id: int, *, at: datetime, after_s: int) -> int:
    """Park in-doubt deliveries whose echo did not come while those of their neighbours did; give how many moved on.

    Nobody's clock runs while webhooks are away: the last neighbours that Meta took wait for their echoes as well.

    A service alert is queued once more instead: its next attempt says that the person may get it twice.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["park"], {"number": number_id, "long_ago": at - timedelta(seconds=after_s), "at": at}
        )
        rows = cursor.fetchall()
        bump(cursor, [Change(batch, "in_doubt", "", 0, now, "", 0) for batch, now in rows])
    return len(rows)


def try_again(*, at: datetime) -> int:
    """Queue those once more whom Meta let have no more marketing (131049) a day ago; give how many.

    Once at most for each, while the campaign is of use and the workspace wants it.  Safe to repeat.  Cost: 2 queries.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _queries["try_again"], {"at": at, "a_day_ago": at - timedelta(seconds=DAY_S), "code": HAD_ENOUGH}
        )
        rows = cursor.fetchall()
        bump(
            cursor,
            [Change(batch, was, str(HAD_ENOUGH), rung, "queued", "", 0) for batch, was, rung in rows],
        )
    return len(rows)
