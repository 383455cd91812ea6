"""What the log's table keeps: posts that were set aside for a person, and the past month, to be folded in anew."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from difusio.common.keyring import keyring
from difusio.common.sentences import SentenceError
from difusio.common.sql import Queries
from difusio.log.port import Lane
from difusio.log.table_writer import BODY

_queries = Queries(Path(__file__).with_name("posts.sql"))

_PAGE = 500
# Nobody counts further than that at a glance.
MANY: int = 100


class NotALog(SentenceError):
    """This is no file of `difusio log export`: each of its lines is a JSON object with lane, received_at and sealed."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose posts are meant.  ids: Meta's, of numbers and accounts; everybody: all, also those that nobody can read."""

    ids: Sequence[str] = ()
    everybody: bool = False

    def parameters(self) -> dict[str, Any]:
        """Give what the queries bind."""
        return {"ids": list(self.ids), "everybody": self.everybody}


EVERYBODY = Whose(everybody=True)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A post that waits for a person.  size: bytes, sealed.  is_partly_folded: what else it says is folded in."""

    id: int
    lane: Lane
    received_at: datetime
    reason: str
    size: int
    is_partly_folded: bool


def set_aside(whose: Whose, *, limit: int, before: int | None = None) -> list[SetAside]:
    """List what was set aside, newest first.  before: an id, to go on.  Cost: 1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_queries["quarantine"], {**whose.parameters(), "before": before, "limit": limit})
        return [SetAside(row[0], Lane(row[1]), *row[2:]) for row in cursor.fetchall()]


def raw_body(post_id: int, whose: Whose) -> bytes | None:
    """Open the raw bytes of a post that was set aside; None: there is no such post.  Cost: 1 query.

    Raises SealError.
    """
    with connection.cursor() as cursor:
        cursor.execute(_queries["quarantined_body"], {**whose.parameters(), "id": post_id})
        row = cursor.fetchone()
    return keyring().open(row[0], purpose=BODY) if row else None


def take_again(whose: Whose, posts: Sequence[int] | None = None) -> int:
    """Let the drain try posts that were set aside once more, or all of them; give how many.  Cost: 1 query.

    What was folded in of them already changes nothing; what still cannot be read is set aside again.
    """
    with connection.cursor() as cursor:
        values = {**whose.parameters(), "posts": None if posts is None else list(posts)}
        cursor.execute(_queries["take_again"], values)
        return int(cursor.rowcount)


def export() -> Iterator[dict[str, object]]:
    """Yield every post that is kept, oldest first, as sealed as it stands there.  Cost: 1 query for 500 posts."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_queries["kept_posts"], {"after": after, "limit": _PAGE})
            rows = cursor.fetchall()
        for post_id, lane, received_at, sealed in rows:
            yield {
                "post": post_id,
                "lane": lane,
                "received_at": received_at.isoformat(),
                "sealed": base64.b64encode(sealed).decode("ascii"),
            }
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def replay() -> int:
    """Let the drain fold in everything that is kept once more; give how many posts.

    For a store whose rows are older than its log: what is in force already changes nothing.  Posts that were set aside
    stay there.
    """
    with connection.cursor() as cursor:
        cursor.execute(_queries["unread_again"])
        return int(cursor.rowcount)


def replay_from(lines: Iterable[Mapping[str, object]]) -> int:
    """Put posts of another store's log behind those of this one, unread; give how many.  All or nothing.

    Both have the same keys.  A post that is here already comes twice, which changes nothing.
    Raises NotALog, SealError.
    """
    done = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for line in lines:
            lane, received_at, sealed = _post(line)
            keyring().open(sealed, purpose=BODY)
            cursor.execute(
                _queries["append_posts"], {"lanes": [lane], "received": [received_at], "bodies": [sealed]}
            )
            done += 1
    return done


def _post(line: Mapping[str, object]) -> tuple[int, datetime, bytes]:
    try:
        sealed = base64.b64decode(str(line["sealed"]), validate=True)
        return int(Lane(int(str(line["lane"])))), datetime.fromisoformat(str(line["received_at"])), sealed
    except (KeyError, ValueError, TypeError, binascii.Error):
        raise NotALog(NotALog.__doc__) from None
