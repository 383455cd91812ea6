"""Campaigns: one in every state."""

from datetime import datetime, timedelta

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign, CampaignState, Round, Step, Variant
from difusio.common.clock import now
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Topic, TopicKind
from difusio.consent.wordings import ensure_wording
from difusio.contacts.models import Contact
from difusio.message_templates.models import Rate, RateCard, Template
from difusio.numbers.models import Number, Portfolio
from difusio.outbox.models import State
from difusio.segments.models import Segment
from tests.cast import identity
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

_PLAN = Right.PLAN_MARKETING
ROUTES = [
    Route("campaigns", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
    Route("calendar", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
    Route(
        "stop_everything", Right.STEER, post="302 /campaigns/stop/", outsider=("200", "302 /campaigns/stop/")
    ),
    Route("campaign_new", Right.PLAN_ALERTS, post="200", outsider=("200", "200")),
    Route("campaign", Right.SEE_CAMPAIGNS),
    # Somebody else's, and what was launched already, cannot be planned any more.
    Route("campaign_whom", _PLAN, get="302 /campaigns/", post="302 /campaigns/"),
    Route("campaign_what", _PLAN, get="302 /campaigns/", post="302 /campaigns/"),
    Route("campaign_when", _PLAN, get="302 /campaigns/", post="302 /campaigns/"),
    Route("campaign_check", _PLAN, get="302 /campaigns/"),
    Route("campaign_refresh", _PLAN, get="405", post="302 /campaigns/"),
    Route("campaign_launch", _PLAN, get="405", post="302 /campaigns/"),
    Route("campaign_unschedule", _PLAN, get="405", post="302 /campaigns/"),
    Route("campaign_copy", _PLAN, get="405", post="302 /campaigns/"),
    Route("campaign_delete", _PLAN, get="404", post="404"),
    Route("recipients", Right.SEE_PEOPLE),
    Route("recipients_csv", Right.SEE_PEOPLE),
    Route("campaign_pause", Right.STEER, get="405", post="302 /campaigns/"),
    Route("campaign_resume", Right.STEER, get="405", post="302 /campaigns/"),
    Route("campaign_rest", Right.STEER, get="405", post="302 /campaigns/"),
    Route("campaign_cancel", Right.STEER, post="302 /campaigns/"),
]
SCREENS = [
    Screen("campaigns", "/campaigns/", 6, is_telling_when_empty=True),
    Screen("campaigns-filtered", "/campaigns/?state=draft&name=Mona", 6),
    Screen("campaigns-none-fits", "/campaigns/?name=zzz", 4),
    Screen("campaigns-calendar", "/campaigns/calendar/", 5),
    Screen("campaigns-calendar-quiet", "/campaigns/calendar/?month=2031-02", 4),
    Screen("campaigns-stop", "/campaigns/stop/", 7, is_telling_when_empty=True),
    Screen("campaign", "/campaigns/{campaign_id}/", 13),
    Screen("campaign-completed", "/campaigns/{completed_id}/", 11),
    Screen("campaign-paused", "/campaigns/{paused_id}/", 19),
    Screen("campaign-draft", "/campaigns/{draft_id}/", 16),
    Screen("campaign-scheduled", "/campaigns/{scheduled_id}/", 16),
    Screen("campaign-preparing", "/campaigns/{preparing_id}/", 16),
    Screen("campaign-cancel", "/campaigns/{campaign_id}/cancel/", 5),
    Screen("campaign-delete", "/campaigns/{draft_id}/delete/", 5),
    Screen("campaign-new", "/campaigns/new/", 6),
    Screen("campaign-whom", "/campaigns/{draft_id}/whom/", 7),
    Screen("campaign-what", "/campaigns/{draft_id}/what/", 17),
    Screen("campaign-when", "/campaigns/{draft_id}/when/", 5),
    Screen("campaign-check", "/campaigns/{draft_id}/check/", 15),
    Screen("campaign-checked", "/campaigns/{draft_id}/check/?count=1", None),
    Screen("campaign-checked-broken", "/campaigns/{broken_id}/check/?count=1", None),
    Screen("campaign-people", "/campaigns/{campaign_id}/people/", 7),
    Screen("campaign-people-skipped", "/campaigns/{campaign_id}/people/?state=skipped&reason=withdrawn", 7),
    Screen("campaign-people-nobody", "/campaigns/{campaign_id}/people/?state=parked", 7),
]
EVERYBODY = {"field": "country", "in": ["ES"]}
LONG = (
    "Assemblea extraordinària de cooperativistes i benvinguda a les famílies de l'Alt Empordà i la Garrotxa"
)
HOSTILE = "<script>alert('Joan')</script>"


def furnish(shop: Shop) -> None:
    """Make a campaign in every state, and people who got it, did not, and answered."""
    sending = cast.make_campaign(shop.workspace)
    cast.count_all(sending, cast.HALFWAY)
    cast.make_delivery(sending, state=State.DELIVERED)
    _people(sending)
    completed = cast.make_campaign(shop.workspace, "Castanyada al barri")
    cast.count_all(
        completed,
        {
            "audience": 1_180,
            ("skipped", "withdrawn"): 30,
            "accepted": 1_150,
            "delivered": 1_129,
            "read": 702,
            "replied": 44,
            "left": 6,
            ("failed", "131026"): 21,
        },
    )
    cast.make_delivery(completed, "Bilal")
    paused = cast.make_campaign(shop.workspace, "Avís: dijous obrim a les deu", state=CampaignState.PAUSED)
    cast.count_all(paused, {"audience": 300, "accepted": 40, "delivered": 40, "read": 1})
    draft = cast.make_campaign(shop.workspace, "Mona de Pasqua", state=CampaignState.DRAFT)
    shop.ids |= {
        "campaign_id": sending.pk,
        "completed_id": completed.pk,
        "paused_id": paused.pk,
        "draft_id": draft.pk,
        "scheduled_id": _scheduled(shop, _tomorrow()).pk,
        "preparing_id": _preparing(shop).pk,
        "broken_id": _held_back(shop).pk,
    }
    Template.objects.filter(workspace=shop.workspace).update(synced_at=now())
    Number.objects.filter(workspace=shop.workspace).update(quality="GREEN")
    Portfolio.objects.filter(workspace=shop.workspace).update(messaging_limit=10_000)
    card = RateCard.objects.create(
        workspace=shop.workspace,
        name="Tarifa de prova",
        currency="EUR",
        valid_from=cast.NOON.date(),
        source="test",
        is_made_up=True,
        imported_at=cast.NOON,
    )
    Rate.objects.create(card=card, country="ES", category="MARKETING", price_micros=61_500)


def _tomorrow() -> datetime:
    return (now() + timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)


def _preparing(shop: Shop) -> Campaign:
    campaign = cast.make_campaign(shop.workspace, "Coques de Sant Joan", state=CampaignState.PREPARING)
    Round.objects.filter(campaign=campaign).update(preparing_since=now() - timedelta(minutes=3))
    return campaign


def _scheduled(shop: Shop, moment: datetime) -> Campaign:
    campaign = cast.make_campaign(shop.workspace, LONG, state=CampaignState.SCHEDULED)
    Round.objects.filter(campaign=campaign).update(scheduled_for=moment, scheduled_by="Dana")
    return campaign


def _held_back(shop: Shop) -> Campaign:
    """Make a draft that was scheduled and did not leave, to everybody, with its message still to be written."""
    campaign = cast.make_campaign(shop.workspace, f"Reis {HOSTILE}", state=CampaignState.DRAFT)
    Round.objects.filter(campaign=campaign).update(
        held_back="La plantilla reis no es pot enviar: Meta l'ha posada en pausa."
    )
    Topic.objects.get_or_create(
        workspace=shop.workspace, key="alerts", defaults={"name": "Avisos", "kind": TopicKind.SERVICE}
    )
    Segment.objects.filter(workspace=shop.workspace).update(tree=EVERYBODY)
    Variant.objects.filter(round__campaign=campaign).update(values={"first_name": "{{ contact.fist_name }}"})
    Campaign.objects.filter(pk=campaign.pk).update(open_step=Step.CHECK)
    return campaign


def _people(campaign: Campaign) -> None:
    """Give the campaign people in several states; three of them agreed, so that a draft has somebody to write to."""
    agreed = []
    for first_name, last_name, facts in (
        (
            "Montserrat",
            "Puigdemont i Casamajó de la Vall d'en Bas",
            {"state": State.READ, "replied_at": cast.NOON},
        ),
        (HOSTILE, "", {"state": State.DELIVERED, "left_at": cast.NOON}),
        ("Núria", "Bosch", {"state": State.FAILED, "code": 131026}),
        ("Iu", "Serra", {"state": State.SKIPPED, "reason": "withdrawn"}),
        ("", "", {"state": State.SKIPPED, "reason": "no_consent"}),
        ("Pau", "Vila", {"state": State.QUEUED}),
    ):
        delivery = cast.make_delivery(campaign, first_name)
        Contact.objects.filter(pk=delivery.contact_id).update(last_name=last_name, country="ES")
        type(delivery).objects.filter(pk=delivery.pk).update(**facts)
        agreed.append(delivery.contact)
    for place, contact in enumerate(agreed[:3]):
        identity(contact, "phone", f"+3460000{contact.workspace_id % 1000:03d}{place}", country="ES")
    wording = ensure_wording(campaign.workspace_id, language="ca", text="Accepto rebre ofertes del Forn.")
    append(
        [
            NewEntry(
                contact_id=contact.pk,
                topic_id=campaign.topic_id,
                act=Act.GRANTED,
                basis=Basis.CONSENT,
                wording_id=wording,
                source="formulari",
                proof=b"a ticked box",
                actor="test",
                at=cast.NOON - timedelta(days=30),
            )
            for contact in agreed[:3]
        ],
        workspace_id=campaign.workspace_id,
        at=cast.NOON,
    )
