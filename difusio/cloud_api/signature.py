"""Tell whether a webhook was signed with the app's secret, over the very bytes that came.

Meta escapes non-ASCII and slashes, so a body that was parsed and written again has another signature.
Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
(read 2026-11-22).
"""

import hmac
from collections.abc import Iterable

HEADER = "X-Hub-Signature-256"
_SCHEME = "sha256="


def sign(raw: bytes, secret: bytes) -> str:
    """Return the header's value for these bytes, as Meta would write it."""
    return _SCHEME + hmac.digest(secret, raw, "sha256").hex()


def is_signed(raw: bytes, header: str | None, secrets: Iterable[bytes]) -> bool:
    """Say whether the header signs these bytes with one of the secrets; several for rotation.

    False without a header, for another algorithm and without secrets.  Takes equally long whichever secret
    fits.
    """
    if header is None or not header.startswith(_SCHEME) or not header.isascii():
        return False
    right = False
    for secret in secrets:
        # An empty secret signs nothing: anybody could.
        right |= bool(secret) and hmac.compare_digest(sign(raw, secret), header)
    return right
