"""What all processes of an installation have counted together."""

from typing import ClassVar

from django.db import models


class Count(models.Model):
    """One number that only grows.  name: of ``common.counters``.  labels: their values, as JSON in a text."""

    name = models.CharField(max_length=64)
    labels = models.CharField(max_length=200)
    n = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "labels"], name="metrics_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.labels}"
