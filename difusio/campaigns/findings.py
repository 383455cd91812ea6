"""Run the rules over a campaign: gather the plain facts that they ask for."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext

from difusio.campaigns.audience import Planned
from difusio.consent.models import TopicKind
from difusio.message_templates.models import Template
from difusio.outbox.freeze import Judged, judge
from difusio.rules.facts import CampaignFacts, TemplateFacts
from difusio.rules.findings import Finding, run
from difusio.rules.packs import WHATSAPP_SPAIN


def places_of(plan: Planned) -> dict[str, int]:
    """Number the language versions, where no batch exists yet."""
    return {version: place for place, version in enumerate(sorted(plan.templates))}


def judge_plan(plan: Planned, *, at: datetime) -> list[Judged]:
    """Count who would get the plan's message and who would not; a judged row's batch is its place in ``places_of``."""
    return judge(plan.audience(places_of(plan)), at=at)


def findings(plan: Planned, judged: Sequence[Judged], *, at: datetime) -> tuple[Finding, ...]:
    """Say what the rules find, blocks first."""
    campaign = plan.campaign
    eligible = [row for row in judged if not row.reason]
    facts = CampaignFacts(
        at=at,
        is_marketing_topic=campaign.topic.kind == TopicKind.MARKETING,
        business_name=campaign.workspace.name,
        verified_name=campaign.number.verified_name,
        number_quality=campaign.number.quality,
        templates=tuple(_facts(template) for _, template in sorted(plan.templates.items())),
        people=sum(row.people for row in eligible),
        us_people=sum(row.people for row in judged if row.reason == "us_pause"),
        consents_ageing=sum(row.ageing for row in eligible),
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
