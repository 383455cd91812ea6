"""May we write to this person, topic by topic, and why: what freezing and claiming ask, for one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from difusio.common.sql import Queries
from difusio.consent.permission import REFUSAL

_queries = Queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Answer:
    """One topic.  refusal: why not, empty when we may write.  act: what decides, empty when nothing was ever said."""

    topic_id: int
    topic_name: str
    topic_kind: str
    refusal: str
    is_suppressed: bool
    act: str
    since: datetime | None
    expires_at: datetime | None
    source: str
    actor: str
    wording: str

    @property
    def may_write(self) -> bool:
        """Whether this person may be written to about the topic."""
        return not self.refusal


def answers(contact_id: int, *, workspace_id: int, at: datetime) -> Sequence[Answer]:
    """Give the answer for each topic of the workspace.  Cost: 1 query."""
    parameters: dict[str, Any] = {"contact": contact_id, "workspace": workspace_id, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_queries["answers"].replace("/* refusal */", REFUSAL), parameters)
        return [Answer(*row) for row in cursor.fetchall()]
