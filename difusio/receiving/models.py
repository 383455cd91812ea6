"""What the drain remembers of the updates it has folded in."""

from django.db import models


class SeenEvent(models.Model):
    """The key of an update whose effects are in the database; written in the same transaction as they."""

    key = models.BinaryField(primary_key=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return "seen event"
