"""The secrets of the webhooks, kept fresh for a receiver that must not wait for the store."""

from dataclasses import dataclass
from threading import Event, Thread

import structlog

from difusio.common.keyring import keyring
from difusio.common.sealed import SealError
from difusio.common.store import STORE_AWAY, forget_connection
from difusio.numbers.models import Number, WebhookSecret

SECRET = "numbers.webhook_secret"  # noqa: S105  # names a purpose, holds nothing
VERIFY_TOKEN = "numbers.verify_token"  # noqa: S105  # the same
ACCESS_TOKEN = "numbers.access_token"  # noqa: S105  # the same

_REFRESH_S = 2.0
_log = structlog.get_logger("difusio.numbers")


@dataclass(frozen=True, slots=True)
class Secrets:
    """app_secrets: every one that may sign now, several while one is replaced; verify_tokens: for the handshake.

    unreadable: ids of those that cannot be opened.
    """

    app_secrets: tuple[bytes, ...] = ()
    verify_tokens: tuple[str, ...] = ()
    unreadable: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"Secrets({len(self.app_secrets)})"


def access_token(number: Number) -> str:
    """Open the token that a number sends with."""
    return keyring().open(number.access_token_sealed, purpose=ACCESS_TOKEN).decode()


def load_secrets() -> Secrets:
    """Read the secrets in force; one that cannot be opened is left out.  Cost: 1 query."""
    keys = keyring()
    secrets: list[bytes] = []
    tokens: list[str] = []
    unreadable: list[int] = []
    for row in WebhookSecret.objects.filter(retired_at=None).order_by("id"):
        try:
            secret = keys.open(row.secret_sealed, purpose=SECRET)
            token = keys.open(row.verify_token_sealed, purpose=VERIFY_TOKEN).decode()
        except SealError:
            # One workspace's secret must not keep the webhooks of the others out.
            unreadable.append(row.pk)
            continue
        secrets.append(secret)
        tokens.append(token)
    return Secrets(tuple(secrets), tuple(tokens), tuple(unreadable))


class FreshSecrets:
    """Reads the secrets every two seconds in a thread of its own; while the store is away the last ones hold."""

    def __init__(self) -> None:
        self._current = Secrets()
        self._read()
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
                self._read()
            except STORE_AWAY:
                _log.warning("secrets.store_away")
                forget_connection()
            except Exception:  # noqa: BLE001  # whatever it is: without this thread no new secret is heard of; it is logged
                _log.exception("secrets.not_read")
                forget_connection()
        forget_connection()

    def _read(self) -> None:
        found = load_secrets()
        for secret_id in set(found.unreadable) - set(self._current.unreadable):
            _log.error("secrets.unreadable", secret=secret_id)
        self._current = found
