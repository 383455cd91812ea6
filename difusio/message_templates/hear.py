"""Act: take in what Meta says of a template between two listings."""

from datetime import datetime

from django.db import transaction

from difusio.cloud_api.news import TemplateNews
from difusio.message_templates.models import ChangeKind, Template, TemplateChange

# These are events; the state they lead to is APPROVED.  A flag changes nothing yet.
_APPROVED_BY = frozenset({"REINSTATED", "UNARCHIVED", "FLAGGED"})


def hear(news: TemplateNews, *, at: datetime) -> None:
    """Bring our rows of the template up to the news, and keep the move; any repetition and order gives the same.

    What was told of an earlier moment than the status we have changes nothing.  Cost: 1 query for templates that are
    not ours, 3 more for each that is.
    """
    if news.kind not in ChangeKind.values or not news.new:
        return
    with transaction.atomic():
        rows = Template.objects.select_for_update().filter(
            waba_id=news.waba_id, name=news.name, language=news.language
        )
        for template in rows.order_by("id"):
            _apply(news, template, at=news.at or at)


def _apply(news: TemplateNews, template: Template, *, at: datetime) -> None:
    new, old = news.new or "", ""
    if news.kind == "status":
        if template.status_at is not None and at < template.status_at:
            return
        new = "APPROVED" if new in _APPROVED_BY else new
        old, template.status, template.status_at = template.status, new, at
        template.reason = (news.reason or "")[:64]
        template.remark = (news.remark or "")[:500]
        # What a template costs is what Meta holds it to be.
        template.category = news.category or template.category
    elif news.kind == "quality":
        old, template.quality = template.quality, new
    elif news.kind == "category":
        old, template.category = template.category, new
    template.save()
    TemplateChange.objects.get_or_create(
        template=template,
        kind=news.kind,
        new=new,
        at=at if news.kind != "category_notice" else news.effective_at or at,
        defaults={"old": old or news.previous or "", "reason": (news.reason or "")[:64]},
    )
