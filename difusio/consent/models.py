"""The consent ledger: append-only, hash-chained in blocks; the answer in force is derived from it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from difusio.accounts.models import Workspace
from difusio.contacts.models import Contact


class TopicKind(models.TextChoices):
    """Marketing ends with a bare STOP; service stays unless it is named."""

    MARKETING = "marketing"
    SERVICE = "service"


class Act(models.TextChoices):
    """What a consent entry says.  There is no silent, pre-ticked or bundled act (consent rules, 3)."""

    REQUESTED = "requested"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    RENEWED = "renewed"


class Basis(models.TextChoices):
    """Why the law lets us write."""

    CONSENT = "consent"
    CONTRACT = "contract"
    SOFT_OPT_IN = "soft_opt_in"


class Topic(models.Model):
    """A subject that a contact can agree to or leave."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="topics")
    key = models.SlugField(max_length=64)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=TopicKind)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="consent_topic_once"),
            models.CheckConstraint(condition=Q(kind__in=TopicKind.values), name="consent_topic_kind"),
        ]

    def __str__(self) -> str:
        return self.name


class Wording(models.Model):
    """The exact words that a person agreed to."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="wordings")
    language = models.CharField(max_length=16)
    text = models.TextField()
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "hash"], name="consent_wording_once"),
        ]

    def __str__(self) -> str:
        return f"wording {self.pk}"


class Block(models.Model):
    """Entries appended together: hash = SHA-256 of the previous block's hash and the entries' hashes in order."""

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="consent_blocks")
    seq = models.BigIntegerField()
    entries = models.BigIntegerField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "seq"], name="consent_block_chain"),
        ]

    def __str__(self) -> str:
        return f"block {self.seq}"


class Entry(models.Model):
    """One act.  Never updated, never deleted: triggers refuse both."""

    workspace = models.ForeignKey(
        Workspace, models.PROTECT, related_name="consent_entries", db_index=False, db_constraint=False
    )
    block = models.ForeignKey(Block, models.PROTECT, related_name="block_entries")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="consent_entries", db_index=False)
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="consent_entries", db_index=False)
    act = models.CharField(max_length=16, choices=Act)
    basis = models.CharField(max_length=16, choices=Basis)
    wording = models.ForeignKey(
        Wording, models.PROTECT, null=True, blank=True, related_name="consent_entries", db_index=False
    )
    source = models.CharField(max_length=120)
    proof_sealed = models.BinaryField()
    actor = models.CharField(max_length=120)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    is_made_up = models.BooleanField(default=False)
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="consent_entry_act"),
            models.CheckConstraint(condition=Q(basis__in=Basis.values), name="consent_entry_basis"),
            models.CheckConstraint(
                # A grant without its words proves nothing (consent rules, 2).
                condition=~Q(act__in=["granted", "renewed"]) | ~Q(basis="consent") | Q(wording__isnull=False),
                name="consent_entry_grant_has_wording",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["contact", "topic", "at"], name="consent_entry_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.pk}"


class Standing(models.Model):
    """The answer in force for one person and topic: the entry that decides, derived from the ledger.

    Written only together with the entry; ``rebuild`` makes it anew from the ledger.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="consent_standings", db_index=False, db_constraint=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="consent_standings", db_index=False)
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="consent_standings")
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="standings", db_index=False)
    may_write = models.BooleanField()
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "topic"], name="consent_standing_once"),
        ]

    def __str__(self) -> str:
        return f"standing {self.pk}"


class Suppression(models.Model):
    """A keyed hash of an identity that must not be written to; outlives erasure and re-import."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="suppressions")
    hash = models.BinaryField()
    kind = models.CharField(max_length=16, choices=TopicKind)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "hash", "kind"], name="consent_suppression_once"),
        ]

    def __str__(self) -> str:
        return f"suppression {self.pk}"
