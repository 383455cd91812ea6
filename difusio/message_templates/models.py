"""What Meta approved, as it stands there, and what a message costs."""

from typing import ClassVar

from django.db import models

from difusio.accounts.models import Workspace


class Template(models.Model):
    """A template in one language, as Meta has it.

    status, category, parameter_format and quality are Meta's words (APPROVED, MARKETING, NAMED, GREEN …);
    components is Meta's list of header, body, footer and buttons.  reason, remark: Meta's word and sentence for why it
    is not approved.  status_at, quality_at, category_at: when Meta says that these came, so that late news
    change nothing.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="templates")
    waba_id = models.CharField(max_length=64)
    meta_id = models.CharField(max_length=64)
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=16)
    category = models.CharField(max_length=32)
    status = models.CharField(max_length=32)
    quality = models.CharField(max_length=16, default="UNKNOWN")
    parameter_format = models.CharField(max_length=16, default="POSITIONAL")
    components = models.JSONField(default=list)
    reason = models.CharField(max_length=64, blank=True, default="")
    remark = models.CharField(max_length=500, blank=True, default="")
    status_at = models.DateTimeField(null=True, blank=True)
    quality_at = models.DateTimeField(null=True, blank=True)
    category_at = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "waba_id", "name", "language"], name="message_templates_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class ChangeKind(models.TextChoices):
    """What of a template can move at Meta."""

    STATUS = "status"
    QUALITY = "quality"
    CATEGORY = "category"
    # It becomes another category on a day to come.
    CATEGORY_NOTICE = "category_notice"


class TemplateChange(models.Model):
    """One move of a template at Meta, as a webhook told it or as a listing showed it."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=16, choices=ChangeKind)
    old = models.CharField(max_length=32, blank=True, default="")
    new = models.CharField(max_length=32)
    reason = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ChangeKind.values), name="message_templates_change_kind"
            ),
            # A webhook comes as often as Meta likes.
            models.UniqueConstraint(
                fields=["template", "kind", "new", "at"], name="message_templates_change_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.new} of template {self.template_id}"


class RateCard(models.Model):
    """Prices that hold from a day on, imported from a file; made-up cards say so wherever a cost is shown."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rate_cards")
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    source = models.CharField(max_length=300)
    is_made_up = models.BooleanField(default=False)
    imported_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """The price of one delivered message to one country in one category, in millionths of the card's currency."""

    card = models.ForeignKey(RateCard, models.CASCADE, related_name="rates")
    country = models.CharField(max_length=2)
    category = models.CharField(max_length=32)
    price_micros = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["card", "country", "category"], name="message_templates_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.category}"
