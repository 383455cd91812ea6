"""What was brought in, from where, and how much of it was refused."""

from typing import ClassVar

from django.db import models

from difusio.accounts.models import Workspace


class Import(models.Model):
    """One file taken in.  file_hash: SHA-256 of its bytes, the proof that consent entries of the file cite."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="imports")
    kind = models.CharField(max_length=16)
    file_name = models.CharField(max_length=255)
    file_hash = models.BinaryField()
    rows = models.BigIntegerField()
    taken = models.BigIntegerField()
    refused = models.BigIntegerField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="imports_newest")]

    def __str__(self) -> str:
        return f"import {self.pk}"
