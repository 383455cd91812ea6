"""What was brought in, from where, and how much of it was refused."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

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
    contacts_new = models.BigIntegerField(default=0)
    contacts_updated = models.BigIntegerField(default=0)
    events_new = models.BigIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="imports_newest")]

    def __str__(self) -> str:
        return f"import {self.pk}"


class UploadState(models.TextChoices):
    """How far a file from the pages has come; see docs/reference/states.md."""

    LOOKED = "looked"
    CHECKING = "checking"
    CHECKED = "checked"
    TAKING = "taking"
    TAKEN = "taken"


class Upload(models.Model):
    """A file that a member handed over in the pages, and what they decided about it.

    choices: see ``choices.Choices``.  checked: what a trial found, with the counts of an Import.  problem: why the
    file was refused as a whole, as a sentence, or empty.  phase, done, of, phase_at: how far a job is.
    forget_at: when its contents go; the counts stay with the Import.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="uploads", db_index=False)
    kind = models.CharField(max_length=16)
    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.LOOKED)
    choices = models.JSONField(default=dict)
    checked = models.JSONField(default=dict)
    problem = models.TextField(blank=True, default="")
    job = models.UUIDField(null=True, blank=True)
    phase = models.CharField(max_length=16, blank=True, default="")
    phase_at = models.DateTimeField(null=True, blank=True)
    done = models.BigIntegerField(default=0)
    of = models.BigIntegerField(default=0)
    taken_as = models.OneToOneField(Import, models.SET_NULL, null=True, blank=True, related_name="upload")
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    forget_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=UploadState.values), name="imports_upload_state"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "-id"], name="imports_upload_newest"),
            models.Index(
                fields=["forget_at"], name="imports_upload_to_forget", condition=Q(forget_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}"


class Chunk(models.Model):
    """A piece of an upload's file, its head or its refused rows, sealed (purpose ``imports.file``)."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="chunks", db_index=False)
    part = models.CharField(max_length=8)
    seq = models.IntegerField()
    content_sealed = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["upload", "part", "seq"], name="imports_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.seq} of {self.part}"
