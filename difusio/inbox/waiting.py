"""Who waits for an answer: kept with every message that comes in and every answer that leaves."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from django.db import connection

from difusio.common.binding import binding_cursor, listed
from difusio.common.sql import Queries
from difusio.outbox.leaving import Wrote

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Kinds of messages that leave nobody waiting.
NO_ANSWER: Final = frozenset({"reaction"})


def note(lot: Sequence[Wrote], *, waiting: AbstractSet[int]) -> None:
    """Note that people wrote, each once, in the transaction that keeps their messages.  Cost: 1 query.

    waiting: the contacts who wait for an answer.  In any order: they do so since the earliest message that nobody
    answered.
    """
    with binding_cursor() as cursor:
        cursor.execute(
            _queries["wrote"],
            {
                "workspaces": listed(one.workspace_id for one in lot),
                "contacts": listed(one.contact_id for one in lot),
                "numbers": listed(one.number_id for one in lot),
                "ats": listed(one.at for one in lot),
                "waiting": listed(one.at if one.contact_id in waiting else None for one in lot),
            },
        )


def settle(conversation_id: int, *, up_to: int) -> None:
    """Note that everything up to a message is answered; who wrote again since then waits for that.  Cost: 1 query.

    up_to: id of the last message that whoever answers had seen.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["settle"],
            {"conversation": conversation_id, "up_to": up_to, "no_answer": sorted(NO_ANSWER)},
        )
