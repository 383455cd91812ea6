"""What the drain remembers of the updates it has folded in."""

from django.db import models


class SeenEvent(models.Model):
    """The key of an update whose effects are in the database; written in the same transaction as they.

    It begins with the update's second, so that what came together stands together and old keys are one range.
    """

    key = models.BinaryField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return "seen event"
