"""Who a round asks for, put in the outbox's words; pre-flight and launch use the same, so they cannot disagree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from difusio.campaigns.errors import NothingToSay
from difusio.campaigns.models import Campaign, Variant
from difusio.consent.models import TopicKind
from difusio.message_templates.choose import sendable
from difusio.message_templates.compiled import compile_batch
from difusio.message_templates.models import Template
from difusio.outbox.bounds import bounds_of
from difusio.outbox.freeze import Audience, Canary, Judged, judge
from difusio.rules.us_pause import paused_countries
from difusio.segments.compile import Question, compile_tree
from difusio.segments.tree import parse


@dataclass(frozen=True, slots=True)
class Planned:
    """A round's question and its message.

    versions: language version → template, those that may be sent now.  required: contact fields that must not be empty.
    """

    campaign: Campaign
    variant: Variant
    question: Question
    versions: Mapping[str, Template]
    required: tuple[str, ...]
    at: datetime

    @property
    def category(self) -> str:
        """Meta's category of the template, the same in every language."""
        return next(template.category for template in self.versions.values())

    def version_for(self, language: str) -> str:
        """Choose the version that people of a language get."""
        return choose_version(language, self.versions, otherwise=self.variant.language)

    def audience(self, batches: Mapping[str, int] | None = None, *, canary: Canary | None = None) -> Audience:
        """Put the question in the outbox's words; batches: contact language → batch id, to freeze."""
        topic = self.campaign.topic
        return Audience(
            workspace_id=self.campaign.workspace_id,
            number_id=self.campaign.number_id,
            topic_id=topic.pk,
            topic_kind=TopicKind(topic.kind),
            members=self.question.query,
            parameters=self.question.parameters,
            paused_countries=tuple(sorted(paused_countries(self.category, on=self.at.date()))),
            required_fields=self.required,
            bounds=bounds_of(self.campaign.workspace, topic),
            batches=batches or {},
            canary=canary,
        )


@dataclass(frozen=True, slots=True)
class Counted:
    """What a plan's audience comes to: how many share a language, a country and a reason to be skipped."""

    plan: Planned
    rows: Sequence[Judged]

    @property
    def eligible(self) -> list[Judged]:
        """Those who will be written to."""
        return [row for row in self.rows if not row.reason]

    @property
    def people(self) -> int:
        """How many will be written to."""
        return sum(row.people for row in self.eligible)

    @property
    def languages(self) -> Mapping[str, str]:
        """Contact language → version, for every language of the audience."""
        return {row.language: self.plan.version_for(row.language) for row in self.rows}

    @property
    def templates(self) -> Mapping[str, Template]:
        """Language version → template, only those that belong to somebody of the audience."""
        used = set(self.languages.values())
        return {version: template for version, template in self.plan.versions.items() if version in used}


def planned(campaign: Campaign, *, at: datetime) -> Planned:
    """Read a draft's segment and message.

    Raises NothingToSay, TreeError, UnknownTemplateError, NotApprovedError and what ``compile_batch`` raises.
    Cost: 2 queries.
    """
    variant = Variant.objects.select_related("round").get(round__campaign=campaign, round__seq=1, name="A")
    if not variant.template_name:
        raise NothingToSay
    question = compile_tree(parse(campaign.segment.tree), workspace_id=campaign.workspace_id, at=at)
    versions = sendable(
        workspace_id=campaign.workspace_id, waba_id=campaign.number.waba_id, name=variant.template_name
    )
    # Every approved version is checked, so that a language that joins later cannot fail in the middle.
    compiled = [compile_batch(version, variant.values) for version in versions.values()]
    required = {name for message in compiled for name in message.required}
    return Planned(
        campaign=campaign,
        variant=variant,
        question=question,
        versions=versions,
        required=tuple(sorted(required)),
        at=at,
    )


def counted(plan: Planned, *, at: datetime) -> Counted:
    """Count who would get the plan's message and who would not, in one pass over the audience.  Cost: 1 query."""
    return Counted(plan, judge(plan.audience(), at=at))


def choose_version(language: str, versions: Iterable[str], *, otherwise: str) -> str:
    """Choose the version a person gets: their language exactly, its base, any of its regions, else ``otherwise``.

    Meta falls back to nothing by itself (132001), so the choice is made here.
    """
    codes = sorted(versions)
    wanted = language.replace("-", "_")
    base = wanted.split("_", maxsplit=1)[0].lower()
    if wanted in codes:
        return wanted
    same = [code for code in codes if code.split("_", maxsplit=1)[0].lower() == base] if base else []
    if same:
        return base if base in same else same[0]
    return otherwise if otherwise in codes else codes[0]
