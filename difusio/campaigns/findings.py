"""Run the rules over a campaign: gather the plain facts that they ask for."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from difusio.campaigns.audience import Counted
from difusio.consent.models import TopicKind
from difusio.message_templates.models import Template
from difusio.outbox.room import Room, Spread
from difusio.rules.facts import CampaignFacts, TemplateFacts
from difusio.rules.findings import Finding, run
from difusio.rules.packs import WHATSAPP_SPAIN

NO_LIMIT: Final = Room(None)
_DAY: Final = timedelta(days=1)


def findings(
    count: Counted, *, at: datetime, leaves: Spread | None = None, room: Room = NO_LIMIT
) -> tuple[Finding, ...]:
    """Say what the rules find, blocks first.

    leaves, room: how the messages spread over the days, where somebody wants to know more than what forbids the launch.
    """
    campaign = count.plan.campaign
    facts = CampaignFacts(
        at=at,
        is_marketing_topic=campaign.topic.kind == TopicKind.MARKETING,
        business_name=campaign.workspace.name,
        verified_name=campaign.number.verified_name,
        number_quality=campaign.number.quality,
        templates=tuple(_facts(template) for _, template in sorted(count.templates.items())),
        people=count.people,
        us_people=sum(row.people for row in count.rows if row.reason == "us_pause"),
        consents_ageing=sum(row.ageing for row in count.eligible),
        people_a_day=room.limit,
        people_at_once=count.people if leaves is None else leaves.at_once,
        days=0 if leaves is None else -(-(leaves.done_at - at) // _DAY),
    )
    return run(WHATSAPP_SPAIN, facts).findings


def said(finding: Finding) -> str:
    """Say a finding in the language of whoever is served."""
    return gettext(finding.sentence) % finding.values


def _facts(template: Template) -> TemplateFacts:
    texts = [part["text"] for part in template.components if isinstance(part.get("text"), str)]
    buttons = [button.get("text", "") for part in template.components for button in part.get("buttons", ())]
    return TemplateFacts(
        name=template.name,
        language=template.language,
        category=template.category,
        quality=template.quality,
        texts=tuple(texts),
        buttons=tuple(buttons),
        synced_at=template.synced_at,
    )
