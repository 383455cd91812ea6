"""Dana runs a bakery and Eve another shop: their workspaces, campaigns and counters, made with few words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from difusio.accounts.models import Membership, Role, User, Workspace
from difusio.campaigns.models import Campaign, CampaignKind, CampaignState, Round, RoundBatch, Variant
from difusio.common.keyring import keyring
from difusio.consent.models import Topic, TopicKind
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.numbers.models import Number, Portfolio
from difusio.numbers.secrets import ACCESS_TOKEN
from difusio.outbox.models import Batch, Delivery, Lane, State, Tally
from difusio.segments.models import Segment

PASSWORD = "llevat de pastisser 7"
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)

COMPONENTS: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Panellets de Tots Sants"},
    {
        "type": "BODY",
        "text": "Hola, {{first_name}}!\n\nJa tenim els *panellets de pinyons* al forn. Encarrega'ls fins dijous"
        " i et guardem una capsa de {{grams}} g.\n\nPassa'ls a buscar quan vulguis.",
    },
    {"type": "FOOTER", "text": "Escriu BAIXA per no rebre'n més"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Encarrega'n", "url": "https://forn.example/panellets"},
            {"type": "QUICK_REPLY", "text": "Avui no"},
        ],
    },
]
VALUES = {
    "first_name": "{{ contact.first_name | default: 'veí' }}",
    "grams": "{{ contact.fields.grams | default: '500' }}",
}


def make_workspace(name: str = "Forn de la Plaça", *, is_demo: bool = False) -> Workspace:
    return Workspace.objects.create(name=name, is_demo=is_demo, created_at=NOON)


def make_member(workspace: Workspace, email: str = "dana@forn.example", role: Role = Role.OWNER) -> User:
    user = User.objects.create_user(email, PASSWORD)
    Membership.objects.create(workspace=workspace, user=user, role=role)
    return user


def make_number(workspace: Workspace) -> Number:
    portfolio, _ = Portfolio.objects.get_or_create(workspace=workspace, name=workspace.name)
    return Number.objects.get_or_create(
        workspace=workspace,
        phone_number_id=f"10{workspace.pk:08}",
        defaults={
            "portfolio": portfolio,
            "waba_id": f"20{workspace.pk}",
            "display_phone": "+34 972 000 101",
            "verified_name": workspace.name,
            "api_url": "http://127.0.0.1:8201",
            "is_simulated": True,
            "access_token_sealed": keyring().seal(b"token", purpose=ACCESS_TOKEN),
            "created_at": NOON,
        },
    )[0]


def make_campaign(
    workspace: Workspace,
    name: str = "Panellets: encàrrecs oberts",
    *,
    state: CampaignState = CampaignState.SENDING,
    components: list[dict[str, Any]] | None = None,
    values: Mapping[str, str] | None = None,
) -> Campaign:
    number = make_number(workspace)
    topic, _ = Topic.objects.get_or_create(
        workspace=workspace, key="offers", defaults={"name": "Ofertes", "kind": TopicKind.MARKETING}
    )
    segment, _ = Segment.objects.get_or_create(
        workspace=workspace, name="Clients de Girona", defaults={"tree": {}, "created_at": NOON}
    )
    template, _ = Template.objects.get_or_create(
        workspace=workspace,
        waba_id=number.waba_id,
        name=f"message_{Campaign.objects.count()}",
        language="ca",
        defaults={
            "meta_id": "1",
            "category": "MARKETING",
            "status": "APPROVED",
            "parameter_format": "NAMED",
            "components": COMPONENTS if components is None else components,
            "synced_at": NOON,
        },
    )
    campaign = Campaign.objects.create(
        workspace=workspace,
        name=name,
        kind=CampaignKind.OFFER,
        topic=topic,
        segment=segment,
        number=number,
        state=state,
        created_at=NOON,
        created_by="Dana",
    )
    launched_at = (
        None if state in {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PREPARING} else NOON
    )
    first = Round.objects.create(campaign=campaign, seq=1, launched_at=launched_at)
    variant = Variant.objects.create(
        round=first,
        template_name=template.name,
        language="ca",
        values=dict(VALUES if values is None else values),
    )
    if launched_at:
        batch = Batch.objects.create(
            workspace=workspace,
            number=number,
            lane=Lane.BULK,
            topic=topic,
            template=template,
            created_at=NOON,
        )
        RoundBatch.objects.create(round=first, variant=variant, language="ca", batch=batch)
    return campaign


def batch_of(campaign: Campaign, language: str = "ca") -> Batch:
    return Batch.objects.get(round_batch__round__campaign=campaign, round_batch__language=language)


def add_batch(campaign: Campaign, language: str) -> Batch:
    """Give the campaign's round a batch in another language."""
    first = RoundBatch.objects.select_related("batch").get(round__campaign=campaign, language="ca")
    batch = Batch.objects.create(
        workspace=campaign.workspace,
        number=campaign.number,
        lane=Lane.BULK,
        topic=campaign.topic,
        template=first.batch.template,
        created_at=NOON,
    )
    RoundBatch.objects.create(
        round_id=first.round_id, variant_id=first.variant_id, language=language, batch=batch
    )
    return batch


def count(campaign: Campaign, measure: str, n: int, detail: str = "", *, language: str = "ca") -> None:
    """Set a counter of the campaign's batch."""
    Tally.objects.update_or_create(
        batch=batch_of(campaign, language), measure=measure, detail=detail, defaults={"n": n}
    )


def count_all(campaign: Campaign, counts: Mapping[str | tuple[str, str], int]) -> None:
    for key, n in counts.items():
        measure, detail = (key, "") if isinstance(key, str) else key
        count(campaign, measure, n, detail)


def make_delivery(campaign: Campaign, first_name: str = "Asha", *, state: State = State.READ) -> Delivery:
    batch = batch_of(campaign)
    contact = Contact.objects.create(
        workspace=campaign.workspace,
        first_name=first_name,
        language="ca",
        fields={"grams": "750"},
        is_made_up=True,
        created_at=NOON,
    )
    return Delivery.objects.create(
        workspace=campaign.workspace,
        batch=batch,
        number=batch.number,
        contact=contact,
        state=state,
        # What allowed it is not these pages' matter: an open window spares the ledger.
        window_closes_at=NOON + timedelta(days=1),
        due_at=NOON,
        accepted_at=NOON,
        created_at=NOON,
    )


HALFWAY: Mapping[str | tuple[str, str], int] = {
    "audience": 1_240,
    ("skipped", "no_consent"): 21,
    ("skipped", "withdrawn"): 12,
    ("skipped", "missing_field"): 5,
    "accepted": 812,
    "sent": 790,
    "delivered": 741,
    "read": 264,
    ("failed", "131049"): 9,
    ("failed", "131026"): 4,
    ("refused", "131026"): 3,
    "in_doubt": 2,
    "replied": 31,
    "left": 4,
}
"""A campaign in the middle of its sending: 385 wait, 2 are in doubt."""


def let_somebody_wait(campaign: Campaign) -> None:
    """Queue one real delivery, where the other builders only count."""
    asha = Contact.objects.create(workspace=campaign.workspace, first_name="Asha", created_at=NOON)
    Delivery.objects.create(
        workspace=campaign.workspace,
        batch=Batch.objects.get(round_batch__round__campaign=campaign),
        number=campaign.number,
        contact=asha,
        state="queued",
        window_closes_at=NOON,
        due_at=NOON,
        created_at=NOON,
    )
