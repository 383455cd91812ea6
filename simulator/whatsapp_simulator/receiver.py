"""A receiver of webhooks for tests: keeps the exact bytes, checks the signature, answers as told."""

import contextlib
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from whatsapp_simulator.scenario import Setup

_FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Webhook:
    """One POST as it came."""

    body: bytes
    signature: str

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature over the exact bytes."""
        right = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(self.signature, f"sha256={right}")

    @property
    def changes(self) -> list[dict[str, Any]]:
        """All changes in it: `{"field", "value"}`."""
        return [change for entry in json.loads(self.body)["entry"] for change in entry["changes"]]


class Receiver:
    """`with Receiver() as receiver: … receiver.statuses`; `answers_with` is the HTTP status."""

    def __init__(self, setup: Setup | None = None) -> None:
        self.verify_token = (setup or Setup()).verify_token
        self.answers_with = 200
        self.webhooks: list[Webhook] = []
        self.refused: list[Webhook] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The callback address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/webhook"

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """All statuses, in the order they came."""
        return self._updates("statuses")

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All messages of people, in the order they came."""
        return self._updates("messages")

    @property
    def preferences(self) -> list[dict[str, Any]]:
        """All marketing preferences, in the order they came."""
        return self._updates("user_preferences")

    def _updates(self, kind: str) -> list[dict[str, Any]]:
        changes = [change for webhook in self.webhooks for change in webhook.changes]
        return [update for change in changes for update in change["value"].get(kind, [])]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Speaks HTTP for one receiver."""

        def do_GET(self) -> None:
            """Answer the challenge."""
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            right = (
                query.get("hub.mode") == "subscribe"
                and query.get("hub.verify_token") == receiver.verify_token
            )
            self._answer(200 if right else _FORBIDDEN, query.get("hub.challenge", "") if right else "")

        def do_POST(self) -> None:
            """Keep a webhook."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhook = Webhook(body, self.headers.get("X-Hub-Signature-256", ""))
            status = receiver.answers_with
            # Kept before it is answered: whoever sees the answer finds the webhook.
            (receiver.webhooks if status == 200 else receiver.refused).append(webhook)  # noqa: PLR2004
            self._answer(status, "")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, text: str) -> None:
            # A simulator that is stopped does not wait for its answers.
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

    return Handler
