"""The table adapter's way out: the drain's own cursor, rows locked until its transaction ends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from difusio.common.binding import listed
from difusio.common.sealed import DamagedValueError, Keyring
from difusio.common.sql import Cursor, Queries
from difusio.log.port import FOREIGN, Lane, Post
from difusio.log.table_writer import BODY

MOST_TRIES = 3
# Held at once, so that posts of Meta's largest size do not fill the memory.
MOST_BYTES = 8 * 1024 * 1024

_queries = Queries(Path(__file__).with_name("posts.sql"))


class TableReader:
    """Read posts out of PostgreSQL with whatever cursor is handed in; see `port.LogReader`."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nothing is left to do: the transaction is the turn."""
        yield

    def take(self, cursor: Cursor, lane: Lane, limit: int) -> list[Post]:
        """Return the oldest unread posts; a damaged one is set aside at once.  Cost: 1 query.

        Raises UnknownKeyError when a key is missing: then nothing is lost, and nothing may be skipped.
        """
        cursor.execute(_queries["take_posts"], {"lane": int(lane), "limit": limit, "bytes": MOST_BYTES})
        posts = []
        for post_id, lane_number, received_at, sealed, tries in cursor.fetchall():
            try:
                body = self._keyring.open(sealed, purpose=BODY)
            except DamagedValueError:
                self.quarantine(cursor, post_id, "damaged in the store")
                continue
            posts.append(Post(post_id, Lane(lane_number), received_at, body, tries))
        return posts

    def settle(self, cursor: Cursor, ids: Sequence[int], at: datetime) -> None:
        """Mark posts as folded in.  Repeating it changes nothing.  Cost: 1 query."""
        cursor.execute(_queries["settle_posts"], {"ids": listed(ids), "at": at})

    def quarantine(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> None:
        """Set a post aside.  Cost: 1 query."""
        values = {"id": post_id, "reason": reason or "no reason given", "named": list(named)}
        cursor.execute(_queries["quarantine_post"], values)

    def note_failure(self, cursor: Cursor, post_id: int, reason: str, named: Sequence[str] = ()) -> bool:
        """Count a failed try; the third sets the post aside.  Cost: 1 query."""
        values = {
            "id": post_id,
            "reason": reason or "no reason given",
            "named": list(named),
            "most": MOST_TRIES,
        }
        cursor.execute(_queries["note_failure"], values)
        row = cursor.fetchone()
        return bool(row and row[0])

    def oldest_unread_age(self, cursor: Cursor, lane: Lane, at: datetime) -> float:
        """Return the seconds for which the oldest unread post has waited, never less than 0.0.  Cost: 1 query."""
        cursor.execute(_queries["oldest_unread"], {"lane": int(lane)})
        row = cursor.fetchone()
        return max(0.0, (at - row[0]).total_seconds()) if row else 0.0

    def forget(self, cursor: Cursor, before: datetime, limit: int) -> int:
        """Delete old posts that were folded in; return how many.  Cost: 1 query."""
        cursor.execute(_queries["forget_posts"], {"before": before, "limit": limit, "foreign": FOREIGN})
        return cursor.rowcount

    def close(self) -> None:
        """Nothing is held: the connection is the drain's."""

    def _keep(self, cursor: Cursor, lane: Lane, received_at: datetime, sealed: bytes) -> int:
        """Keep a post that came by another way; give its id here.  Cost: 1 query."""
        cursor.execute(_queries["keep_post"], {"lane": int(lane), "received_at": received_at, "body": sealed})
        return int(cursor.fetchone()[0])
