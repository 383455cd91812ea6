"""Who a round asks for, put in the outbox's words; pre-flight and launch use the same, so they cannot disagree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from difusio.campaigns.errors import NothingToSay
from difusio.campaigns.models import Campaign, Variant
from difusio.consent.models import TopicKind
from difusio.message_templates.choose import sendable
from difusio.message_templates.compiled import compile_batch
from difusio.message_templates.models import Template
from difusio.outbox.bounds import bounds_of
from difusio.outbox.freeze import Audience, audience_languages
from difusio.rules.us_pause import paused_countries
from difusio.segments.compile import Question, compile_tree
from difusio.segments.tree import parse


@dataclass(frozen=True, slots=True)
class Planned:
    """A round's question and its message.

    templates: language version → template, only those that somebody gets.  languages: contact language → version.
    required: contact fields that must not be empty.
    """

    campaign: Campaign
    variant: Variant
    question: Question
    templates: Mapping[str, Template]
    languages: Mapping[str, str]
    required: tuple[str, ...]
    at: datetime

    @property
    def category(self) -> str:
        """Meta's category of the template, the same in every language; empty while nobody gets it."""
        return next((template.category for template in self.templates.values()), "")

    def audience(self, batches: Mapping[str, int]) -> Audience:
        """Put the question in the outbox's words; batches: language version → batch id."""
        topic = self.campaign.topic
        return Audience(
            workspace_id=self.campaign.workspace_id,
            number_id=self.campaign.number_id,
            topic_id=topic.pk,
            topic_kind=TopicKind(topic.kind),
            members=self.question.query,
            parameters=self.question.parameters,
            batches={language: batches[version] for language, version in self.languages.items()},
            paused_countries=tuple(sorted(paused_countries(self.category, on=self.at.date()))),
            required_fields=self.required,
            bounds=bounds_of(self.campaign.workspace, topic),
        )


def planned(campaign: Campaign, *, at: datetime) -> Planned:
    """Read a draft's segment and message.

    Raises NothingToSay, TreeError, UnknownTemplateError, NotApprovedError and what ``compile_batch`` raises.
    Cost: 3 queries.
    """
    variant = Variant.objects.select_related("round").get(round__campaign=campaign, round__seq=1, name="A")
    if not variant.template_name:
        raise NothingToSay
    tree = parse(campaign.segment.tree)
    question = compile_tree(tree, workspace_id=campaign.workspace_id, at=at)
    versions = sendable(
        workspace_id=campaign.workspace_id, waba_id=campaign.number.waba_id, name=variant.template_name
    )
    asked = audience_languages(question.query, question.parameters)
    languages = {
        language: choose_version(language, versions, otherwise=variant.language) for language in asked
    }
    # Every approved version is checked, so that a language that joins later cannot fail in the middle.
    compiled = [compile_batch(version, variant.values) for version in versions.values()]
    required = {name for message in compiled for name in message.required}
    used = set(languages.values())
    return Planned(
        campaign=campaign,
        variant=variant,
        question=question,
        templates={code: version for code, version in versions.items() if code in used},
        languages=languages,
        required=tuple(sorted(required)),
        at=at,
    )


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
