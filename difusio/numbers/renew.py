"""Replace a number's access token, or the secret and word of its webhooks, while everything goes on."""

from datetime import datetime

from django.db import transaction

from difusio.accounts import audit
from difusio.common.keyring import keyring
from difusio.numbers.models import Number, WebhookSecret
from difusio.numbers.secrets import ACCESS_TOKEN, SECRET, VERIFY_TOKEN


def renew_token(number_id: int, access_token: str, *, by: str, at: datetime) -> None:
    """Send with another token from now on, and let the number go on if a bad token had stopped it."""
    with transaction.atomic():
        number = Number.objects.select_for_update().get(pk=number_id)
        number.access_token_sealed = keyring().seal(access_token.encode(), purpose=ACCESS_TOKEN)
        number.stopped_for, number.stopped_at, number.went_on_at = "", None, at
        number.save(update_fields=["access_token_sealed", "stopped_for", "stopped_at", "went_on_at"])
        _tell(number, "number.token_renewed", by=by, at=at)


def renew_secret(number_id: int, *, app_secret: str, verify_token: str = "", by: str, at: datetime) -> None:
    """Accept webhooks that another app secret signs too; the old one holds until ``retire_secrets``.

    verify_token: the word of the handshake from now on; empty: it stays as it is.
    """
    keys = keyring()
    with transaction.atomic():
        number = Number.objects.get(pk=number_id)
        old = WebhookSecret.objects.filter(workspace_id=number.workspace_id).order_by("-id").first()
        WebhookSecret.objects.create(
            workspace_id=number.workspace_id,
            app_id=old.app_id if old else "",
            secret_sealed=keys.seal(app_secret.encode(), purpose=SECRET),
            verify_token_sealed=(
                old.verify_token_sealed
                if old and not verify_token
                else keys.seal(verify_token.encode(), purpose=VERIFY_TOKEN)
            ),
            created_at=at,
        )
        _tell(number, "number.secret_renewed", by=by, at=at)


def retire_secrets(number_id: int, *, by: str, at: datetime) -> int:
    """Accept only what the newest app secret of the workspace signs; give how many older ones were retired."""
    with transaction.atomic():
        number = Number.objects.get(pk=number_id)
        held = WebhookSecret.objects.filter(workspace_id=number.workspace_id, retired_at=None)
        newest = held.order_by("-id").first()
        retired = held.exclude(pk=newest.pk).update(retired_at=at) if newest else 0
        _tell(number, "number.secrets_retired", by=by, at=at)
    return retired


def let_go_on(number_id: int, *, by: str, at: datetime) -> None:
    """Let a stopped number send again, once its cause is mended."""
    with transaction.atomic():
        number = Number.objects.select_for_update().get(pk=number_id)
        number.stopped_for, number.stopped_at, number.went_on_at = "", None, at
        number.save(update_fields=["stopped_for", "stopped_at", "went_on_at"])
        _tell(number, "number.went_on", by=by, at=at)


def _tell(number: Number, act: str, *, by: str, at: datetime) -> None:
    audit.record(workspace_id=number.workspace_id, actor=by, act=act, details={"number": number.pk}, at=at)
