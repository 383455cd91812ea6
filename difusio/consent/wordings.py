"""The exact words that people agree to, each kept once."""

import hashlib

from difusio.consent.models import Wording


def ensure_wording(workspace_id: int, *, language: str, text: str) -> int:
    """Keep a wording and give its id; the same words in the same language give the same id."""
    digest = hashlib.sha256(f"{language}\0{text}".encode()).digest()
    wording, _ = Wording.objects.get_or_create(
        workspace_id=workspace_id, hash=digest, defaults={"language": language, "text": text}
    )
    return wording.pk
