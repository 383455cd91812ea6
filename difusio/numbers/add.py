"""Add a business number, with the token it sends by and the secret its webhooks are signed with."""

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction

from difusio.accounts import audit
from difusio.accounts.models import Workspace
from difusio.cloud_api.transport import BESIDE_THE_APP_PER_S
from difusio.common.keyring import keyring
from difusio.common.sentences import SentenceError
from difusio.numbers.models import Number, Portfolio, WebhookSecret
from difusio.numbers.secrets import ACCESS_TOKEN, SECRET, VERIFY_TOKEN

META_URL = "https://graph.facebook.com"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NumberError(SentenceError):
    """The number cannot be added."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class DemoStaysHere(NumberError):
    """A demo workspace has made-up people: it can only send to the simulator on this machine, never to Meta."""


class KnownNumber(NumberError):
    """This number is known already: its phone number id stands in a workspace of this installation."""


class NoSuchNumber(NumberError):
    """There is no such number to share a portfolio with: see `difusio numbers list`."""


class BadApiUrl(NumberError):
    """The API address is https://graph.facebook.com, or http://127.0.0.1:PORT for the simulator."""


@dataclass(frozen=True, slots=True)
class NewNumber:
    """What Meta shows of a number in its dashboard.

    messaging_limit: of a new portfolio, people a day, None for unlimited.  shares_limit_with: a number of the same
    portfolio; numbers of one account are in one anyway.
    """

    waba_id: str
    phone_number_id: str
    display_phone: str
    verified_name: str
    access_token: str = field(repr=False)
    app_id: str
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    api_url: str = META_URL
    pace_per_s: int = 80
    is_on_business_app: bool = False
    messaging_limit: int | None = 250
    shares_limit_with: int | None = None


def add(number: NewNumber, *, workspace_id: int, at: datetime, by: str = "command line") -> Number:
    """Store a number and the secrets it needs, sealed.  Raises DemoStaysHere, KnownNumber, BadApiUrl, NoSuchNumber."""
    workspace = Workspace.objects.get(pk=workspace_id)
    is_simulated = _is_simulated(number.api_url)
    if workspace.is_demo and not is_simulated:
        raise DemoStaysHere
    keys = keyring()
    try:
        with transaction.atomic():
            portfolio = _portfolio(workspace, number)
            stored = Number.objects.create(
                workspace=workspace,
                portfolio=portfolio,
                waba_id=number.waba_id,
                phone_number_id=number.phone_number_id,
                display_phone=number.display_phone,
                verified_name=number.verified_name,
                pace_per_s=_pace(number),
                is_on_business_app=number.is_on_business_app,
                api_url=number.api_url.rstrip("/"),
                is_simulated=is_simulated,
                access_token_sealed=keys.seal(number.access_token.encode(), purpose=ACCESS_TOKEN),
                created_at=at,
            )
            WebhookSecret.objects.create(
                workspace=workspace,
                app_id=number.app_id,
                secret_sealed=keys.seal(number.app_secret.encode(), purpose=SECRET),
                verify_token_sealed=keys.seal(number.verify_token.encode(), purpose=VERIFY_TOKEN),
                created_at=at,
            )
            audit.record(
                workspace_id=workspace.pk, actor=by, act="number.added", details={"number": stored.pk}, at=at
            )
    except IntegrityError as error:
        if "phone_number_id" in str(error):
            raise KnownNumber from None
        raise
    return stored


def _portfolio(workspace: Workspace, number: NewNumber) -> Portfolio:
    """Find the portfolio of a number: that of the number it shares one with, or of its account, or a new one."""
    known = Number.objects.filter(workspace=workspace).select_related("portfolio").order_by("id")
    shares = known.filter(pk=number.shares_limit_with) if number.shares_limit_with else known.none()
    beside = shares.first() or known.filter(waba_id=number.waba_id).first()
    if number.shares_limit_with and not shares:
        raise NoSuchNumber
    if beside is not None:
        return beside.portfolio
    return Portfolio.objects.create(
        workspace=workspace, name=number.verified_name, messaging_limit=number.messaging_limit
    )


def _pace(number: NewNumber) -> int:
    return min(number.pace_per_s, BESIDE_THE_APP_PER_S) if number.is_on_business_app else number.pace_per_s


def _is_simulated(url: str) -> bool:
    parts = urlsplit(url.rstrip("/"))
    if url.rstrip("/") == META_URL:
        return False
    if parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.port and not parts.path:
        return True
    raise BadApiUrl
