"""Templates: one in every state that Meta gives, in several languages, with prices and what Meta changed."""

from datetime import date, timedelta
from typing import Any

from difusio.accounts.rights import Right
from difusio.common.keyring import keyring
from difusio.message_templates.models import Rate, RateCard, Template, TemplateChange
from difusio.numbers.secrets import ACCESS_TOKEN
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("templates", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
    Route(
        "templates_sync",
        Right.PLAN_ALERTS,
        get="405",
        post="302 /templates/",
        outsider=("405", "302 /templates/"),
    ),
    Route("template_new", Right.PLAN_ALERTS, post="200", outsider=("200", "200")),
    Route("template_preview", Right.PLAN_ALERTS, get="405", post="200", outsider=("405", "200")),
    Route("template", Right.SEE_CAMPAIGNS),
]
SCREENS = [
    Screen("templates", "/templates/", 7, is_telling_when_empty=True),
    Screen("template", "/templates/{template_id}/", 13),
    Screen("template-rejected", "/templates/{rejected_id}/?q=asha", 15),
    Screen("template-new", "/templates/new/", 4),
]
LONG = "recordatori_de_la_comanda_de_panellets_pinyons_i_moniatos_de_la_castanyada_popular"


def furnish(shop: Shop) -> None:
    """Stock templates in all states, in Catalan and Spanish."""
    number = cast.make_number(shop.workspace)
    # Nobody answers there: asking Meta says so at once.
    number.api_url = "http://127.0.0.1:1"
    number.access_token_sealed = keyring().seal(b"token", purpose=ACCESS_TOKEN)
    number.save()

    def stock(name: str, status: str, language: str = "ca", **facts: Any) -> Template:
        return Template.objects.create(
            workspace=shop.workspace,
            waba_id=number.waba_id,
            meta_id=f"{name[:40]}-{language}",
            name=name,
            language=language,
            status=status,
            **{
                "category": "MARKETING",
                "parameter_format": "NAMED",
                "components": cast.COMPONENTS,
                "synced_at": cast.NOON,
                **facts,
            },
        )

    approved = stock("castanyada", "APPROVED", quality="GREEN")
    stock("castanyada", "PENDING", "es")
    stock(LONG, "PAUSED", quality="RED", category="UTILITY")
    for status in ("DISABLED", "IN_APPEAL", "ARCHIVED", "DELETED"):
        stock(f"antiga_{status.lower()}", status)
    rejected = stock(
        "premi_segur",
        "REJECTED",
        reason="TAG_CONTENT_MISMATCH",
        remark="The text and its category do not match: send it in as marketing.",
    )
    for days, kind, old, new in (
        (9, "status", "PENDING", "APPROVED"),
        (4, "quality", "UNKNOWN", "GREEN"),
        (2, "category_notice", "UTILITY", "MARKETING"),
    ):
        TemplateChange.objects.create(
            template=approved, kind=kind, old=old, new=new, at=cast.NOON - timedelta(days=days)
        )
    card = RateCard.objects.create(
        workspace=shop.workspace,
        name="Preus de mostra",
        currency="EUR",
        valid_from=date(2026, 1, 1),
        source="made up",
        is_made_up=True,
        imported_at=cast.NOON,
    )
    for country, price in (("ES", 50_900), ("FR", 118_600), ("AD", 50_900)):
        Rate.objects.create(card=card, country=country, category="MARKETING", price_micros=price)
    shop.ids |= {"template_id": approved.pk, "rejected_id": rejected.pk}
