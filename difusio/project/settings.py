"""All settings, read top to bottom; the only place that reads the environment.

Each setting of ours is declared through ``_setting`` with its name, default and one sentence; docs/reference/
settings.md lists them and a test compares.  Nothing is required: without any variable everything lives in DIFUSIO_HOME.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from difusio.project.database import database_settings
from difusio.project.email import email_settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, default and what it is for."""

    name: str
    default: str
    sentence: str


SETTINGS: Final[list[Setting]] = []


def _setting(name: str, default: str, sentence: str) -> str:
    """Declare and read a variable; ``NAME_FILE`` names a file that holds the value (for secrets)."""
    SETTINGS.append(Setting(name, default, sentence))
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text("utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from None
    return os.environ.get(name, default).strip()


def _flag(name: str, *, default: bool, sentence: str) -> bool:
    text = _setting(name, "yes" if default else "no", sentence).lower()
    if text not in {"yes", "no", "true", "false", "1", "0", ""}:
        raise ImproperlyConfigured(f"{name} is {text!r}: write yes or no.")
    return text in {"yes", "true", "1"}


def _seconds(name: str, default: int, sentence: str) -> int:
    text = _setting(name, str(default), sentence)
    if not text.isdigit():
        raise ImproperlyConfigured(f"{name} is {text!r}: write whole seconds, as {default}.")
    return int(text)


def _whole(name: str, default: int, sentence: str) -> int:
    text = _setting(name, str(default), sentence)
    if not text.isdigit():
        raise ImproperlyConfigured(f"{name} is {text!r}: write a whole number, as {default}.")
    return int(text)


def _percents(name: str, default: str, sentence: str) -> dict[str, int]:
    """Read whole percentages by word; a word that is left out keeps its default."""
    found = {word: int(n) for word, _, n in (pair.partition("=") for pair in default.split())}
    for pair in _setting(name, default, sentence).split():
        word, _, n = pair.partition("=")
        if word not in found or not n.isdigit():
            raise ImproperlyConfigured(f"{name} has {pair!r}: write it as {default}.")
        found[word] = int(n)
    return found


def _default_home() -> str:
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return "/var/lib/difusio/home"
    return str(Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "difusio")


# Where things are

BASE_DIR = Path(__file__).resolve().parent.parent
DIFUSIO_HOME = Path(
    _setting(
        "DIFUSIO_HOME",
        _default_home(),
        "The folder that holds the keys, the embedded PostgreSQL's data and its log.",
    )
)
DIFUSIO_KEYS_FILE = Path(
    _setting(
        "DIFUSIO_KEYS_FILE",
        str(DIFUSIO_HOME / "keys.json"),
        "The file with the encryption keys; made on the first start. Keep a copy apart from the backups.",
    )
)
DATABASE_URL = _setting(
    "DATABASE_URL",
    "",
    "A PostgreSQL server of yours, as postgresql://user:password@host/name; empty: the embedded one.",
)
DIFUSIO_LOG_URL = _setting(
    "DIFUSIO_LOG_URL",
    "",
    "The servers of a NATS JetStream that carries webhooks from receivers to drains, parted by commas, each as"
    " nats://user:password@host:4222 (tls:// for TLS); empty: a table of the store does.",
)
DIFUSIO_LOG_SYSTEM_URL = _setting(
    "DIFUSIO_LOG_SYSTEM_URL",
    "",
    "The same servers with the user of their system account: each is asked at the start whether it is fit.",
)
for _name, _urls in (
    ("DIFUSIO_LOG_URL", DIFUSIO_LOG_URL),
    ("DIFUSIO_LOG_SYSTEM_URL", DIFUSIO_LOG_SYSTEM_URL),
):
    if _urls and not all(url.strip().startswith(("nats://", "tls://")) for url in _urls.split(",")):
        raise ImproperlyConfigured(
            f"{_name} cannot be read: write each server as nats://user:password@host:4222 (or tls://…),"
            " parted by commas."
        )
DIFUSIO_LOG_CA = _setting(
    "DIFUSIO_LOG_CA",
    "",
    "The file with the authority that signed the certificates of those servers; empty: whom this machine trusts.",
)
DEBUG = _flag(
    "DIFUSIO_DEBUG", default=False, sentence="Show errors with their code; never on a public machine."
)
SECRET_KEY = _setting(
    "DIFUSIO_SECRET_KEY",
    "",
    "Signs the sessions; empty: derived from the key file, the same for every process.",
)
ALLOWED_HOSTS = [
    host.strip()
    for host in _setting(
        "DIFUSIO_HOSTS",
        "127.0.0.1,localhost,[::1]",
        "The names under which the pages are reached, parted by commas.",
    ).split(",")
    if host.strip()
]
DIFUSIO_HTTPS = _flag(
    "DIFUSIO_HTTPS",
    default=False,
    sentence="The pages are reached over HTTPS: cookies are sent over it alone.",
)
DIFUSIO_URL = _setting(
    "DIFUSIO_URL",
    "http://127.0.0.1:8400",
    "The address under which the pages are reached; links that the command line prints begin with it.",
).rstrip("/")
DIFUSIO_RECEIVE_PORT = _whole(
    "DIFUSIO_RECEIVE_PORT",
    8401,
    "The port of this machine on which webhooks are received; a simulator beside us is told so.",
)
DIFUSIO_EMAIL_URL = _setting(
    "DIFUSIO_EMAIL_URL",
    "",
    "A mail server for invitations and forgotten passwords, as smtps://user:password@host:465"
    " (smtp+tls://…:587 for STARTTLS, smtp://… for neither); empty: no e-mail is sent.",
)
DIFUSIO_EMAIL_FROM = _setting(
    "DIFUSIO_EMAIL_FROM", "", "The address that e-mail comes from; empty: the mail server's user name."
)
DIFUSIO_LOG_FORMAT = _setting("DIFUSIO_LOG_FORMAT", "readable", "How the log is written: readable or json.")

# How long an in-doubt delivery waits for its echo before it is parked, while echoes of its number arrive.
DIFUSIO_DOUBT_S = _seconds(
    "DIFUSIO_DOUBT_SECONDS",
    900,
    "How long a delivery without an answer waits for its echo (while echoes arrive) before it is parked.",
)

# How long a request may take, and for how long a sender has a number without renewing it.
DIFUSIO_REQUEST_S = _seconds(
    "DIFUSIO_REQUEST_SECONDS",
    10,
    "How long a request to Meta may take; without an answer by then it is in doubt.",
)
DIFUSIO_LEASE_S = _seconds(
    "DIFUSIO_LEASE_SECONDS",
    30,
    "For how long a sender has a number without renewing it; another takes over after that and a longest request.",
)
if not 1 <= DIFUSIO_REQUEST_S < DIFUSIO_LEASE_S:
    raise ImproperlyConfigured(
        "DIFUSIO_LEASE_SECONDS must be more than DIFUSIO_REQUEST_SECONDS, and that at least 1: "
        "a request only starts when the lease outlives it."
    )

# A campaign's first share, whose outcome decides whether the rest goes out.
DIFUSIO_CANARY_FROM = _whole(
    "DIFUSIO_CANARY_FROM",
    500,
    "From so many people on a campaign has a canary: a share of them gets it first.",
)
DIFUSIO_CANARY_PERCENT = _whole(
    "DIFUSIO_CANARY_PERCENT",
    5,
    "Of a campaign's people, so many in a hundred are in its canary; 1,000 at most.",
)
DIFUSIO_CANARY_LEAST = _whole("DIFUSIO_CANARY_LEAST", 50, "So many people are in a canary at least.")
DIFUSIO_CANARY_S = _seconds(
    "DIFUSIO_CANARY_SECONDS",
    900,
    "How long Meta may take to say what came of the last message of a canary; it is judged as soon as all is known.",
)
DIFUSIO_CANARY_FAILED_PERCENT = _percents(
    "DIFUSIO_CANARY_FAILED_PERCENT",
    "offer=15 launch=15 service_alert=30",
    "Of a canary's messages, by kind of campaign: if more fail than so many in a hundred, the rest is held.",
)
DIFUSIO_CANARY_LEFT_PERCENT = _percents(
    "DIFUSIO_CANARY_LEFT_PERCENT",
    "offer=5 launch=5 service_alert=10",
    "Of the people whom a canary reached, by kind: if more leave than so many in a hundred, the rest is held.",
)

# Django

INSTALLED_APPS = [
    # First, so that its templates and words stand before allauth's and Django's.
    "difusio.console",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "difusio.log",
    "difusio.accounts",
    "difusio.numbers",
    "difusio.contacts",
    "difusio.message_templates",
    "difusio.consent",
    "difusio.outbox",
    "difusio.imports",
    "difusio.segments",
    "difusio.campaigns",
    "difusio.inbox",
    "difusio.reports",
    "difusio.receiving",
    "difusio.metrics",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Last: denies by default, and knows by then who asks and whether they want a part of a page.
    "difusio.console.gates.OwnerFirst",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "difusio.console.frame.frame",
            ],
        },
    }
]

ROOT_URLCONF = "difusio.project.urls"
ASGI_APPLICATION = "difusio.project.asgi.application"

# The embedded store's address is known once it runs: difusio.project.start fills it in before Django connects.
DATABASES: dict[str, Any] = {
    "default": database_settings(DATABASE_URL or "postgresql:///difusio", idle_s=DIFUSIO_LEASE_S)
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "difusio.console.passwords.LongEnough",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "difusio.console.sign_in.NobodySignsUpAlone"
# Who asks for an address that nobody has gets no mail, and learns nothing.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
PASSWORD_RESET_TIMEOUT = 24 * 3600
MFA_ADAPTER = "difusio.console.sign_in.SealedSecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Members are invited by address: nobody else could have got in.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Difusió"
# A phone's clock may be half a minute off.
MFA_TOTP_TOLERANCE = 1
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

_email = email_settings(DIFUSIO_EMAIL_URL, DIFUSIO_EMAIL_FROM)
DIFUSIO_SENDS_EMAIL = bool(DIFUSIO_EMAIL_URL)
EMAIL_BACKEND = _email.backend
EMAIL_HOST = _email.host
EMAIL_PORT = _email.port
EMAIL_HOST_USER = _email.user
EMAIL_HOST_PASSWORD = _email.password
EMAIL_USE_TLS = _email.starts_tls
EMAIL_USE_SSL = _email.is_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _email.sender

LANGUAGE_CODE = "en"
LANGUAGES = [("ca", _("Catalan")), ("es", _("Spanish")), ("en", _("English"))]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# One locale folder per app; Django finds them by the apps' names.  Here: what Django itself says wrongly.
LOCALE_PATHS = [BASE_DIR / "project" / "months"]
FORMAT_MODULE_PATH = "difusio.project.formats"

STATIC_URL = "static/"
STATIC_ROOT = DIFUSIO_HOME / "static"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SESSION_COOKIE_SECURE = DIFUSIO_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = DIFUSIO_HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if DIFUSIO_HTTPS else None
# Shared by all processes and machines: it counts who guesses passwords and codes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_attempts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Long work that a page starts waits in our own store for `difusio work`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Our log is structlog's (difusio.project.logs); Django's own goes through it too.
LOGGING_CONFIG = None

if not SECRET_KEY:
    # Every process of one installation must sign alike: derive from the key file once it is there.
    from difusio.project.secret_key import secret_key

    SECRET_KEY = secret_key(DIFUSIO_KEYS_FILE)
