"""Saved questions about contacts."""

from typing import ClassVar

from django.db import models

from difusio.accounts.models import Workspace


class Segment(models.Model):
    """A named question; ``tree`` is the JSON form that ``segments.tree`` reads.

    counted, counted_of, counted_at: how many people it meant, of how many contacts, when it was last asked.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="segments")
    name = models.CharField(max_length=120)
    tree = models.JSONField()
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    counted = models.PositiveBigIntegerField(null=True, blank=True)
    counted_of = models.PositiveBigIntegerField(null=True, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="segments_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
