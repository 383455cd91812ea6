"""Put the receiver together: its log, its secrets, its clock."""

from typing import Any

from difusio.common.clock import now
from difusio.numbers.secrets import FreshSecrets
from difusio.project.webhook_log import log_writer
from difusio.receiving.receiver import receiver


def receiver_application(url: str) -> Any:
    """Give the ASGI application that takes Meta's webhooks into the log; ``url``: of the store."""
    secrets = FreshSecrets()
    return receiver(
        log_writer(url),
        secrets=secrets.app_secrets,
        verify_token=secrets.verify_token,
        clock=now,
    )
