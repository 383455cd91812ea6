"""The mail server, read from one address."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# scheme → (port, TLS from the first byte, STARTTLS)
_SCHEMES: Final = {"smtps": (465, True, False), "smtp+tls": (587, False, True), "smtp": (25, False, False)}


@dataclass(frozen=True, slots=True)
class Email:
    """What Django asks for.  backend: sends nothing without a server."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    starts_tls: bool = False
    sender: str = ""


def email_settings(url: str, sender: str) -> Email:
    """Read ``smtps://user:password@host:465``; the password never appears in an error.

    Raises ImproperlyConfigured.
    """
    if not url:
        return Email("django.core.mail.backends.dummy.EmailBackend")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0:
        raise ImproperlyConfigured(
            "DIFUSIO_EMAIL_URL is no mail server: write smtps://user:password@host:465 or smtp+tls://…:587."
        )
    usual_port, is_tls, starts_tls = _SCHEMES[parts.scheme]
    user = unquote(parts.username or "")
    sender = sender or user
    if "@" not in sender:
        raise ImproperlyConfigured("DIFUSIO_EMAIL_FROM is no e-mail address: write difusio@example.org.")
    return Email(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=port or usual_port,
        user=user,
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        starts_tls=starts_tls,
        sender=sender,
    )
