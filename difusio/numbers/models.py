"""Where messages leave from: portfolios, business numbers and the secrets of their webhooks."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from difusio.accounts.models import Workspace
from difusio.cloud_api.transport import BESIDE_THE_APP_PER_S


class Portfolio(models.Model):
    """A business portfolio at Meta; its numbers share one messaging limit per rolling day."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="portfolios")
    name = models.CharField(max_length=120)
    # Unique people per moving 24 hours outside service windows; empty means unlimited.
    messaging_limit = models.PositiveIntegerField(null=True, blank=True)
    # Of when what Meta said last of it is: older news change nothing.
    limit_told_at = models.DateTimeField(null=True, blank=True)
    # Meta turned messages down although we saw room: nothing that takes a place leaves before.
    rests_until = models.DateTimeField(null=True, blank=True)
    # Since when the outbox notes whom it wrote to; empty while there is no limit, or nothing left under it yet.
    counts_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Number(models.Model):
    """A business phone number on the Cloud API."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="numbers")
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, related_name="numbers")
    waba_id = models.CharField(max_length=64)
    phone_number_id = models.CharField(max_length=64, unique=True)
    display_phone = models.CharField(max_length=32)
    verified_name = models.CharField(max_length=120)
    quality = models.CharField(max_length=16, default="UNKNOWN")
    pace_per_s = models.PositiveIntegerField(default=80)
    # Of when the news is by which Meta last raised it: the same news again does not.
    pace_told_at = models.DateTimeField(null=True, blank=True)
    # Whether people also write from it in the WhatsApp Business app; Meta lets such a number do less.
    is_on_business_app = models.BooleanField(default=False, db_default=False)
    # Why nothing may leave from this number now (a key of cloud_api's causes); empty: it may.
    stopped_for = models.CharField(max_length=64, blank=True, default="")
    stopped_at = models.DateTimeField(null=True, blank=True)
    # When a person last let it go on: older news do not stop it again.
    went_on_at = models.DateTimeField(null=True, blank=True)
    api_url = models.CharField(max_length=200)
    api_version = models.CharField(max_length=8, default="v26.0")
    is_simulated = models.BooleanField(default=False)
    access_token_sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                # A number of the simulator never speaks to a machine other than this one.
                condition=Q(is_simulated=False)
                | Q(api_url__regex=r"^http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]+$"),
                name="numbers_simulated_stays_here",
            ),
            models.CheckConstraint(condition=Q(pace_per_s__gte=1), name="numbers_pace"),
            models.CheckConstraint(
                condition=Q(is_on_business_app=False) | Q(pace_per_s__lte=BESIDE_THE_APP_PER_S),
                name="numbers_pace_beside_the_app",
            ),
        ]

    def __str__(self) -> str:
        return f"number {self.pk}"


class WebhookSecret(models.Model):
    """The app secret that signs webhooks and the verify token of the handshake; several while one is replaced."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="webhook_secrets")
    app_id = models.CharField(max_length=64)
    secret_sealed = models.BinaryField()
    verify_token_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"webhook secret {self.pk}"
