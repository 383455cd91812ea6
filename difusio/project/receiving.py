"""Put the receiver together: its log, its secrets, its clock."""

from typing import Any

from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.log.table_writer import TableWriter
from difusio.numbers.secrets import FreshSecrets
from difusio.receiving.receiver import receiver


def receiver_application(url: str) -> Any:
    """Give the ASGI application that takes Meta's webhooks into the table log of the store at ``url``."""
    secrets = FreshSecrets()
    return receiver(
        TableWriter(url, keyring()),
        secrets=secrets.app_secrets,
        verify_token=secrets.verify_token,
        clock=now,
    )
