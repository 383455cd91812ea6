"""Campaigns: one in every state."""

from difusio.accounts.rights import Right
from difusio.campaigns.models import CampaignState
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("campaigns", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
    Route("campaign", Right.SEE_CAMPAIGNS),
    Route("campaign_pause", Right.STEER, get="405", post="302 /campaigns/"),
    Route("campaign_resume", Right.STEER, get="405", post="302 /campaigns/"),
    Route("campaign_cancel", Right.STEER, post="302 /campaigns/"),
]
SCREENS = [
    Screen("campaigns", "/campaigns/", 5, is_telling_when_empty=True),
    Screen("campaign", "/campaigns/{campaign_id}/", 10),
    Screen("campaign-completed", "/campaigns/{completed_id}/", 10),
    Screen("campaign-paused", "/campaigns/{paused_id}/", 11),
    Screen("campaign-draft", "/campaigns/{draft_id}/", 10),
    Screen("campaign-cancel", "/campaigns/{campaign_id}/cancel/", 5),
]


def furnish(shop: Shop) -> None:
    """Make one campaign that sends, one that is over, one that is paused, and a draft."""
    sending = cast.make_campaign(shop.workspace)
    cast.count_all(sending, cast.HALFWAY)
    cast.make_delivery(sending)
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
    }
