"""Who waits for an answer: kept with every message that comes in and every answer that leaves."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection

from difusio.common.sql import Queries

_queries = Queries(Path(__file__).with_suffix(".sql"))

# Kinds of messages that leave nobody waiting.
NO_ANSWER: Final = frozenset({"reaction"})


def wrote(contact_id: int, *, workspace_id: int, number_id: int, at: datetime, waits: bool) -> None:
    """Note that a person wrote, in the transaction that keeps their message.  at: when they wrote.  Cost: 1 query.

    In any order: who waits does so since the earliest message that nobody answered.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _queries["wrote"],
            {
                "workspace": workspace_id,
                "contact": contact_id,
                "number": number_id,
                "at": at,
                "waiting_since": at if waits else None,
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
