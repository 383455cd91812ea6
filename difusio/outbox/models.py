"""The one outbox: everything that leaves is a delivery of a batch."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from difusio.accounts.models import Workspace
from difusio.consent.models import Entry, Topic
from difusio.contacts.models import Contact, Identity
from difusio.message_templates.models import Template
from difusio.numbers.models import Number, Portfolio


class Lane(models.IntegerChoices):
    """Who goes first: a lower lane overtakes a higher one (design, invariant 8)."""

    REPLY = 0
    SERVICE = 1
    BULK = 2


class State(models.TextChoices):
    """Where a delivery stands; see docs/reference/states.md for what is true in each."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REFUSED = "refused"
    PARKED = "parked"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Batch(models.Model):
    """Deliveries with the same message, number, lane and time to live.

    template: what is sent, or empty for a free text.  message: ``{"values": {placeholder: merge field}}`` of a
    template, ``{"text": …}`` of a confirmation, ``{"text_sealed": …}`` of a reply.  topic: what the person must have
    agreed to; empty only for what invariant 1 lists (a reply within the service window, one confirmation of leaving).
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="batches")
    number = models.ForeignKey(Number, models.PROTECT, related_name="batches")
    lane = models.SmallIntegerField(choices=Lane)
    topic = models.ForeignKey(Topic, models.PROTECT, null=True, blank=True, related_name="batches")
    template = models.ForeignKey(Template, models.PROTECT, null=True, blank=True, related_name="batches")
    message = models.JSONField(default=dict)
    is_open = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=64, blank=True, default="")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # It waits for what comes of another batch: nothing of it is claimed.
    held_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["number", "lane", "id"], name="outbox_batch_to_claim", condition=Q(is_open=True)
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Delivery(models.Model):
    """One message to one contact.

    allowed_by: the consent entry, or ``window_closes_at`` the end of the service window, that allowed it.
    confirms: the withdrawal that this message confirms; unique, so that each leaving is confirmed at most once.
    """

    # Every change of state writes into every index, five times a message: what another index serves has none.
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    # Each batch with deliveries has a tally, whose own key keeps the batch (decision 0012).
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    number = models.ForeignKey(
        Number, models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    # Kept by a trigger on contacts instead of a look-up for every row of a freeze (decision 0012).
    contact = models.ForeignKey(
        Contact, models.PROTECT, related_name="deliveries", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=16, choices=State)
    reason = models.CharField(max_length=32, blank=True, default="")
    code = models.IntegerField(null=True, blank=True)
    # Taken from a standing, whose key names an entry; and entries refuse to be deleted.
    allowed_by = models.ForeignKey(
        Entry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        db_index=False,
        db_constraint=False,
    )
    window_closes_at = models.DateTimeField(null=True, blank=True)
    # Written in the transaction of the leaving that it confirms; even an empty key was looked at for every row.
    confirms = models.ForeignKey(
        Entry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="confirmations",
        db_index=False,
        db_constraint=False,
    )
    due_at = models.DateTimeField()
    epoch = models.BigIntegerField(default=0)
    tries = models.SmallIntegerField(default=0)
    doubt_since = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="outbox_delivery_state"),
            models.CheckConstraint(
                # Invariant 1: nothing stands ready to leave without what allows it.
                condition=Q(state__in=["skipped", "cancelled", "expired"])
                | Q(allowed_by__isnull=False)
                | Q(window_closes_at__isnull=False)
                | Q(confirms__isnull=False),
                name="outbox_delivery_allowed",
            ),
            models.UniqueConstraint(
                # Each leaving is confirmed at most once.
                fields=["confirms"],
                name="outbox_delivery_confirms_once",
                condition=Q(confirms__isnull=False),
            ),
            models.UniqueConstraint(
                # A round never holds a person twice.  Confirmations share a batch: who comes back may leave again.
                # The person first: so it also serves a person's timeline, which would need an index of its own.
                fields=["contact", "batch", "confirms"],
                name="outbox_delivery_once",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["batch", "due_at", "id"], name="outbox_delivery_to_claim", condition=Q(state="queued")
            ),
            models.Index(
                fields=["number", "state", "id"],
                name="outbox_delivery_in_hand",
                condition=Q(state__in=["claimed", "sending", "in_doubt"]),
            ),
            models.Index(fields=["batch", "state", "id"], name="outbox_delivery_of_batch"),
            # The recipients' list, where a rare reason, code or answer must not be looked for among a million others.
            models.Index(
                fields=["batch", "state", "reason", "code", "id"],
                name="outbox_delivery_by_cause",
                condition=Q(state__in=["skipped", "failed", "refused"]),
            ),
            models.Index(
                fields=["batch", "id"],
                name="outbox_delivery_answered",
                condition=Q(replied_at__isnull=False) | Q(left_at__isnull=False),
            ),
            # What waits for a person to decide: a handful among millions, asked on every page.
            models.Index(
                fields=["workspace", "-id"],
                name="outbox_delivery_parked",
                condition=Q(state="parked", reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Attempt(models.Model):
    """One try to post one delivery: the intent, durable before the first byte leaves, and what came of it.

    token: random, echoed by every status webhook (``biz_opaque_callback_data``).  content_sealed: what was sent
    (purpose ``outbox.content``).  wamid_sealed (purpose ``outbox.wamid``) and wamid_hash (kind ``wamid``): Meta's
    message id, which holds the phone number.  outcome: a verdict of cloud_api, or empty while unknown.
    """

    # Only ever written from its delivery's row, in the same statement (`intend`); checking each again costs as much as
    # writing one more index.
    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="attempts", db_index=False, db_constraint=False
    )
    number = models.ForeignKey(
        Number, models.PROTECT, related_name="attempts", db_index=False, db_constraint=False
    )
    token = models.UUIDField(unique=True)
    epoch = models.BigIntegerField()
    intended_at = models.DateTimeField()
    content_sealed = models.BinaryField()
    outcome = models.CharField(max_length=24, blank=True, default="")
    http_status = models.SmallIntegerField(null=True, blank=True)
    code = models.IntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    echoed_at = models.DateTimeField(null=True, blank=True)
    wamid_sealed = models.BinaryField(null=True, blank=True)
    wamid_hash = models.BinaryField(null=True, blank=True)
    # An earlier attempt is in doubt: the person may get this one twice, which somebody or the kind's rule decided.
    is_possible_duplicate = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["delivery", "id"], name="outbox_attempt_of_delivery"),
            models.Index(
                fields=["wamid_hash"], name="outbox_attempt_by_wamid", condition=Q(wamid_hash__isnull=False)
            ),
            models.Index(
                # Serves park, which looks for echoed neighbours; an echo need not touch it.
                fields=["number", "intended_at"],
                name="outbox_attempt_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.pk}"


class Tally(models.Model):
    """How many deliveries of a batch reached a measure: what pages read instead of counting rows.

    measure: ``audience``, a state's word, ``replied``, ``left``.  detail: the reason of a skip, the code of a
    refusal or failure, else empty.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="tallies")
    measure = models.CharField(max_length=16)
    detail = models.CharField(max_length=32, blank=True, default="")
    n = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "measure", "detail"], name="outbox_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.n}"


class ServiceWindow(models.Model):
    """Until when the business may answer one person freely on one number."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="service_windows")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="service_windows")
    number = models.ForeignKey(Number, models.CASCADE, related_name="service_windows")
    # Where the person last wrote from: only there is the window open.
    identity = models.ForeignKey(
        Identity, models.SET_NULL, null=True, blank=True, related_name="service_windows"
    )
    closes_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "number"], name="outbox_window_once"),
        ]

    def __str__(self) -> str:
        return f"window {self.pk}"


class Reached(models.Model):
    """Somebody who holds a place in a portfolio's messaging limit, and when a claim last took it (``outbox.room``)."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="reached", db_index=False)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="reached", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "portfolio"], name="outbox_reached_once"),
        ]
        # Counts the places in use.
        indexes: ClassVar = [models.Index(fields=["portfolio", "at", "id"], name="outbox_reached_lately")]

    def __str__(self) -> str:
        return f"place {self.pk}"


class Lease(models.Model):
    """Which sender has a number, under which epoch; a stale epoch changes nothing (design, invariant 7)."""

    number = models.OneToOneField(Number, models.CASCADE, primary_key=True, related_name="lease")
    owner = models.CharField(max_length=64)
    epoch = models.BigIntegerField()
    expires_at = models.DateTimeField()
    # Why its sender holds the number back by itself, and since when: a word of sending's breaker; empty: it does not.
    held_back_for = models.CharField(max_length=32, blank=True, default="", db_default="")
    held_back_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"lease {self.epoch} of number {self.number_id}"


class Sender(models.Model):
    """A sending process that is there; the numbers are shared out among those seen lately."""

    owner = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sender {self.owner}"


class Orphan(models.Model):
    """A status for a message that we do not know (yet); kept seven days."""

    number = models.ForeignKey(Number, models.CASCADE, related_name="orphans")
    event_key = models.BinaryField(unique=True)
    wamid_hash = models.BinaryField()
    token = models.UUIDField(null=True, blank=True)
    status = models.CharField(max_length=16)
    code = models.IntegerField(null=True, blank=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["wamid_hash"], name="outbox_orphan_by_wamid")]

    def __str__(self) -> str:
        return f"orphan {self.pk}"
