"""The fixed cast and tiny builders: Asha opted in, Bilal opted out, Chen never answered, Dana runs the team."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Topic
from difusio.consent.wordings import ensure_wording
from difusio.contacts.models import Contact, Identity
from difusio.message_templates.models import Template
from difusio.numbers.models import Number, Portfolio

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_serial = count(1)


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace with a number of the simulator, two topics and one approved template."""

    workspace: Workspace
    number: Number
    offers: Topic
    alerts: Topic
    template: Template


def shop(
    *,
    api_url: str = "http://127.0.0.1:1",
    phone_number_id: str = "",
    access_token: str = "token",
    pace_per_s: int = 80,
) -> Shop:
    """Open a shop."""
    serial = next(_serial)
    workspace = Workspace.objects.create(name="Botiga Ona", created_at=NOON)
    portfolio = Portfolio.objects.create(workspace=workspace, name="Botiga Ona")
    number = Number.objects.create(
        workspace=workspace,
        portfolio=portfolio,
        waba_id=f"waba{serial}",
        phone_number_id=phone_number_id or f"number{serial}",
        display_phone="+34 972 00 00 00",
        verified_name="Botiga Ona",
        pace_per_s=pace_per_s,
        api_url=api_url,
        is_simulated=True,
        access_token_sealed=keyring().seal(access_token.encode(), purpose="numbers.access_token"),
        created_at=NOON,
    )
    template = Template.objects.create(
        workspace=workspace,
        waba_id=number.waba_id,
        meta_id=f"template{serial}",
        name="autumn",
        language="ca",
        category="MARKETING",
        status="APPROVED",
        parameter_format="NAMED",
        components=[
            {
                "type": "BODY",
                "text": "Bon dia, {{first_name}}. Respon BAIXA per no rebre'n més.",
                "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Ona"}]},
            }
        ],
        synced_at=NOON,
    )
    return Shop(
        workspace=workspace,
        number=number,
        offers=Topic.objects.create(workspace=workspace, key="offers", name="Ofertes", kind="marketing"),
        alerts=Topic.objects.create(workspace=workspace, key="alerts", name="Avisos", kind="service"),
        template=template,
    )


def person(
    of: Shop,
    first_name: str,
    *,
    phone: str | None = "",
    user_id: str = "",
    language: str = "ca",
    country: str = "ES",
    fields: Mapping[str, object] | None = None,
) -> Contact:
    """Make a person with a phone of their own; ``phone=None``: without one."""
    contact = Contact.objects.create(
        workspace=of.workspace,
        first_name=first_name,
        language=language,
        country=country,
        fields=dict(fields or {}),
        created_at=NOON,
    )
    if phone is not None:
        identity(contact, "phone", phone or f"+346{next(_serial):08d}", country=country)
    if user_id:
        identity(contact, "bsuid", user_id, country=user_id[:2])
    return contact


def identity(contact: Contact, kind: str, value: str, *, country: str = "") -> Identity:
    """Give a person one more identity."""
    keys = keyring()
    return Identity.objects.create(
        workspace_id=contact.workspace_id,
        contact=contact,
        kind=kind,
        country=country,
        value_sealed=keys.seal(value.encode(), purpose="contacts.identity"),
        value_hash=keys.hash(value, kind=kind),
        suppression_hash=keys.suppression_hash(value, kind=kind),
        tail_hashes=keys.tails(value) if kind == "phone" else [],
    )


def say(
    of: Shop,
    contact: Contact,
    act: Act,
    *,
    topic: Topic | None = None,
    at: datetime = NOON - timedelta(days=30),
    expires_at: datetime | None = None,
) -> int:
    """Write one consent entry and give its id."""
    wording = ensure_wording(
        of.workspace.pk, language="ca", text="Accepto rebre ofertes de Botiga Ona per WhatsApp."
    )
    entry = NewEntry(
        contact_id=contact.pk,
        topic_id=(topic or of.offers).pk,
        act=act,
        basis=Basis.CONSENT,
        wording_id=wording,
        source="test",
        proof=b"a ticked box",
        actor="test",
        at=at,
        expires_at=expires_at,
    )
    return append([entry], workspace_id=of.workspace.pk, at=NOON).entry_ids[0]


def agreed(of: Shop, first_name: str = "Asha", **facts: object) -> Contact:
    """Make a person who agreed to offers."""
    contact = person(of, first_name, **facts)  # type: ignore[arg-type]  # the builder's own arguments pass through
    say(of, contact, Act.GRANTED)
    return contact
