"""The secrets of the webhooks, kept fresh for a receiver that must not wait for the store."""

from dataclasses import dataclass
from threading import Event, Thread

import structlog
from django.db import Error, connection

from difusio.common.keyring import keyring
from difusio.numbers.models import Number, WebhookSecret

SECRET = "numbers.webhook_secret"  # noqa: S105  # names a purpose, holds nothing
VERIFY_TOKEN = "numbers.verify_token"  # noqa: S105  # the same
ACCESS_TOKEN = "numbers.access_token"  # noqa: S105  # the same

_REFRESH_S = 2.0
_log = structlog.get_logger("difusio.numbers")


@dataclass(frozen=True, slots=True)
class Secrets:
    """app_secrets: every one that may sign now, several while one is replaced; verify_tokens: for the handshake."""

    app_secrets: tuple[bytes, ...] = ()
    verify_tokens: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Secrets({len(self.app_secrets)})"


def access_token(number: Number) -> str:
    """Open the token that a number sends with."""
    return keyring().open(number.access_token_sealed, purpose=ACCESS_TOKEN).decode()


def load_secrets() -> Secrets:
    """Read the secrets in force.  Cost: 1 query."""
    keys = keyring()
    rows = WebhookSecret.objects.filter(retired_at=None).order_by("id")
    pairs = [
        (
            keys.open(row.secret_sealed, purpose=SECRET),
            keys.open(row.verify_token_sealed, purpose=VERIFY_TOKEN).decode(),
        )
        for row in rows
    ]
    return Secrets(tuple(secret for secret, _ in pairs), tuple(token for _, token in pairs))


class FreshSecrets:
    """Reads the secrets every two seconds in a thread of its own; while the store is away the last ones hold."""

    def __init__(self) -> None:
        self._current = load_secrets()
        self._stop = Event()
        self._thread = Thread(target=self._refresh, name="secrets", daemon=True)
        self._thread.start()

    def app_secrets(self) -> tuple[bytes, ...]:
        """Give the app secrets that may sign now."""
        return self._current.app_secrets

    def verify_token(self) -> str:
        """Give the newest verify token of the handshake, or nothing while there is none."""
        return self._current.verify_tokens[-1] if self._current.verify_tokens else ""

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join()

    def _refresh(self) -> None:
        while not self._stop.wait(_REFRESH_S):
            try:
                self._current = load_secrets()
            except Error:
                _log.warning("secrets.store_away")
                connection.close()
