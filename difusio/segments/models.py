"""Saved questions about contacts."""

from typing import ClassVar

from django.db import models

from difusio.accounts.models import Workspace


class Segment(models.Model):
    """A named question; ``tree`` is the JSON form that ``segments.tree`` reads."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="segments")
    name = models.CharField(max_length=120)
    tree = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="segments_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
