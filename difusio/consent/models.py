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
    description = models.CharField(max_length=280, blank=True, default="")
    # What the wording promised, if it did: at most so many messages in so many days.
    promised_messages = models.PositiveSmallIntegerField(null=True, blank=True)
    promised_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "key"], name="consent_topic_once"),
            models.CheckConstraint(
                condition=Q(promised_messages=None, promised_days=None)
                | Q(promised_messages__gte=1, promised_days__gte=1),
                name="consent_topic_promise",
            ),
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
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="consent_standings", db_index=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="standings", db_index=False)
    may_write = models.BooleanField()
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "topic"], name="consent_standing_once"),
        ]
        indexes: ClassVar = [
            # The list of contacts, newest first, of those who agreed to a topic or left it.
            models.Index(fields=["topic", "may_write", "contact"], name="consent_standing_of_topic"),
            # How many permissions grow old.
            models.Index(
                fields=["workspace", "since"], name="consent_standing_by_age", condition=Q(may_write=True)
            ),
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


class Measure(models.TextChoices):
    """What a tally counts: entries by the day of their act or by source; people by topic or by wording."""

    DAY = "day"
    SOURCE = "source"
    # People who may be written to about the topic now, as the ledger decides; suppression is asked besides.
    STANDING = "standing"
    # Of these, by the wording that their permission rests on.
    WORDING = "wording"


class Tally(models.Model):
    """How many entries or people: what pages read instead of counting the ledger.  Moves with each append.

    detail: the day in the workspace's zone (2026-11-22), the source, the wording's id, or empty.  act: of entries.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="consent_tallies", db_index=False)
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="consent_tallies", db_index=False)
    measure = models.CharField(max_length=16, choices=Measure)
    detail = models.CharField(max_length=120, blank=True, default="")
    act = models.CharField(max_length=16, blank=True, default="")
    n = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "measure", "detail", "topic", "act"], name="consent_tally_once"
            ),
        ]
        indexes: ClassVar = [
            # A file may name a thousand sources; the page shows the largest.
            models.Index(fields=["workspace", "measure", "-n"], name="consent_tally_largest"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.n}"


class Check(models.Model):
    """The whole ledger recomputed once.  ended_at: None while it is asked for or under way."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="consent_checks", db_index=False)
    by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    job = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    entries = models.BigIntegerField(default=0)
    blocks = models.BigIntegerField(default=0)
    damaged_entries = models.BigIntegerField(default=0)
    damaged_blocks = models.BigIntegerField(default=0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="consent_check_newest")]

    def __str__(self) -> str:
        return f"check {self.pk}"

    @property
    def holds(self) -> bool:
        """Whether every entry and block was as it had been written."""
        return not self.damaged_entries and not self.damaged_blocks
