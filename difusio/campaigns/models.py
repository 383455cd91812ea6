"""One intention to write to a segment: campaign, its rounds, and the variants tried in them."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q

from difusio.accounts.models import Workspace
from difusio.consent.models import Topic
from difusio.numbers.models import Number
from difusio.outbox.models import Batch
from difusio.segments.models import Segment

NAME_CHARS: Final = 160


class CampaignKind(models.TextChoices):
    """Why we write."""

    LAUNCH = "launch"
    OFFER = "offer"
    SERVICE_ALERT = "service_alert"


class CampaignState(models.TextChoices):
    """What was decided.  *Completed* is not here: it is derived from the deliveries."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class CanaryState(models.TextChoices):
    """What a canary has led to."""

    WAITING = "waiting"  # the first share is on its way, or Meta has not told yet what came of it
    PASSED = "passed"  # nothing speaks against it: the rest was let go
    HELD = "held"  # too many failed or left: a person decides
    OVERRULED = "overruled"  # a person let the rest go


class Step(models.TextChoices):
    """The steps in which a campaign is planned."""

    WHOM = "whom"
    WHAT = "what"
    WHEN = "when"
    CHECK = "check"


class Campaign(models.Model):
    """A message to a segment about a topic, from a number.

    open_step: how far the planning of a draft has come.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="campaigns")
    name = models.CharField(max_length=NAME_CHARS)
    kind = models.CharField(max_length=16, choices=CampaignKind)
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="campaigns")
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="campaigns")
    number = models.ForeignKey(Number, models.PROTECT, related_name="campaigns")
    state = models.CharField(max_length=16, choices=CampaignState, default=CampaignState.DRAFT)
    open_step = models.CharField(max_length=8, choices=Step, default=Step.CHECK)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaigns_state"),
            models.CheckConstraint(condition=Q(kind__in=CampaignKind.values), name="campaigns_kind"),
            models.CheckConstraint(condition=Q(open_step__in=Step.values), name="campaigns_open_step"),
        ]
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="campaigns_newest")]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """One wave of a campaign.

    scheduled_for: when it is to leave; in a draft only a wish, empty for "at once".  preparing_since, job: while a job
    prepares its launch; cleared, the job knows that somebody stopped it.  not_after: what has not left by then does not
    leave any more; empty: the kind's usual time after the launch.  held_back: why it did not leave, in the language of
    whoever launched it; empty once somebody has planned anew.  has_canary: a large audience gets a first share, whose
    outcome decides about the rest.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="rounds")
    seq = models.PositiveSmallIntegerField()
    scheduled_for = models.DateTimeField(null=True, blank=True)
    scheduled_by = models.CharField(max_length=120, blank=True, default="")
    preparing_since = models.DateTimeField(null=True, blank=True)
    job = models.UUIDField(null=True, blank=True)
    held_back = models.TextField(blank=True, default="")
    has_canary = models.BooleanField(default=True)
    not_after = models.DateTimeField(null=True, blank=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    launched_by = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "seq"], name="campaigns_round_once"),
        ]
        indexes: ClassVar = [
            # What the clock asks every second: what is due, and what no worker prepares any more.
            models.Index(
                fields=["job"],
                name="campaigns_round_preparing",
                condition=Q(preparing_since__isnull=False),
            ),
            models.Index(
                fields=["scheduled_for"],
                name="campaigns_round_due",
                condition=Q(launched_at__isnull=True, scheduled_for__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"round {self.seq} of campaign {self.campaign_id}"


class Variant(models.Model):
    """One of the messages tried against each other.  An empty template name: not chosen yet.

    values: placeholder → merge field, as ``{"first_name": "{{ contact.first_name | default: 'amic' }}"}``.
    language: which language version is sent to people whose own language has none.
    """

    round = models.ForeignKey(Round, models.CASCADE, related_name="variants")
    name = models.CharField(max_length=40, default="A")
    share = models.PositiveSmallIntegerField(default=100)
    template_name = models.CharField(max_length=512, blank=True, default="")
    language = models.CharField(max_length=16)
    values = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["round", "name"], name="campaigns_variant_once"),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=100), name="campaigns_variant_share"),
        ]

    def __str__(self) -> str:
        return f"variant {self.name} of round {self.round_id}"


class RoundBatch(models.Model):
    """What a round handed to the outbox: one batch per variant and language, and one more for its canary."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="batches")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="batches")
    language = models.CharField(max_length=16)
    is_canary = models.BooleanField(default=False)
    batch = models.OneToOneField(Batch, models.PROTECT, related_name="round_batch")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["round", "variant", "language", "is_canary"], name="campaigns_round_batch_once"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.batch_id} of round {self.round_id}"


class Canary(models.Model):
    """The first share of a round, and what was decided about the rest.

    people: how many it has.  seen: what came of it when it was judged, and against what (``canary.Seen``).
    """

    round = models.OneToOneField(Round, models.CASCADE, related_name="canary")
    people = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=CanaryState, default=CanaryState.WAITING)
    seen = models.JSONField(default=dict)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=CanaryState.values), name="campaigns_canary_state"),
        ]
        indexes: ClassVar = [
            # What the clock asks every second.
            models.Index(
                fields=["id"], name="campaigns_canary_waiting", condition=Q(state=CanaryState.WAITING)
            ),
        ]

    def __str__(self) -> str:
        return f"canary of round {self.round_id}"
