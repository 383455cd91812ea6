"""A campaign of the shop's template to everybody, in few words."""

from collections.abc import Mapping
from datetime import datetime

from django_tasks_db.models import DBTaskResult

from difusio.campaigns import prepare
from difusio.campaigns.models import Campaign, CampaignKind
from difusio.campaigns.plan import Message, plan
from difusio.message_templates.models import Template
from difusio.segments.models import Segment
from tests.cast import NOON, Shop

EVERYBODY: dict[str, object] = {"any": [{"field": "country", "in": ["ES", "US"]}]}
VALUES = {"first_name": "{{ contact.first_name | default: 'amic' }}"}


def draft(
    of: Shop,
    *,
    template_name: str = "autumn",
    language: str = "ca",
    values: Mapping[str, str] = VALUES,
    kind: CampaignKind = CampaignKind.OFFER,
) -> Campaign:
    """Plan a campaign to everybody of the shop."""
    segment, _ = Segment.objects.get_or_create(
        workspace=of.workspace, name="everybody", defaults={"tree": EVERYBODY, "created_at": NOON}
    )
    return plan(
        workspace_id=of.workspace.pk,
        name="autumn",
        kind=kind,
        topic_id=of.offers.pk,
        segment_id=segment.pk,
        number_id=of.number.pk,
        message=Message(template_name, language, values),
        by="Dana",
        at=NOON,
    )


def work(*, at: datetime) -> int:
    """Do the launches that wait for a worker, at a moment; give how many that were."""
    waiting = list(DBTaskResult.objects.ready().filter(task_path=prepare.run.module_path))
    for job in waiting:
        names = ("campaign_id", "by", "language", "at_most", "is_scheduled")
        prepare.launch_prepared(**dict(zip(names, job.args_kwargs["args"], strict=True)), at=at)
        job.set_successful(None)
    return len(waiting)


def version(of: Shop, language: str, *, status: str = "APPROVED") -> Template:
    """Add a language version of the shop's template."""
    return Template.objects.create(
        workspace=of.workspace,
        waba_id=of.template.waba_id,
        meta_id=f"{of.template.meta_id}-{language}",
        name=of.template.name,
        language=language,
        category=of.template.category,
        status=status,
        parameter_format=of.template.parameter_format,
        components=of.template.components,
        synced_at=NOON,
    )
