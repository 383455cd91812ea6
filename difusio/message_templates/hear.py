"""Act: take in what Meta says of a template between two listings."""

from datetime import datetime

from django.db import transaction

from difusio.cloud_api.news import TemplateNews
from difusio.message_templates.models import ChangeKind, Template, TemplateChange

# These are events; the state they lead to is APPROVED.  A flag changes nothing yet.
_APPROVED_BY = frozenset({"REINSTATED", "UNARCHIVED", "FLAGGED"})


def hear(news: TemplateNews, *, at: datetime) -> None:
    """Bring our template up to the news, and keep the move; any repetition and order gives the same template.

    What was told of an earlier moment than what we have of its kind changes nothing, and of two things told at one
    moment the word that stands later in the alphabet holds.  Cost: 1 query for templates that are
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
    new, old = news.new or "", news.previous or ""
    if news.kind == "status":
        new = "APPROVED" if new in _APPROVED_BY else new
        if news.category:
            # What a template costs is what Meta holds it to be.
            _move(template, "category", news.category, at=at)
    if news.kind != "category_notice":
        old = getattr(template, news.kind)
        has_moved = _move(template, news.kind, new, at=at)
        if has_moved and news.kind == "status":
            template.reason = (news.reason or "")[:64]
            template.remark = (news.remark or "")[:500]
        template.save()
        if not has_moved:
            return
    TemplateChange.objects.get_or_create(
        template=template,
        kind=news.kind,
        new=new,
        at=at if news.kind != "category_notice" else news.effective_at or at,
        defaults={"old": old, "reason": (news.reason or "")[:64]},
    )


def _move(template: Template, kind: str, word: str, *, at: datetime) -> bool:
    """Give the template the word as its status, quality or category, unless what it has is as new."""
    kept_at = getattr(template, f"{kind}_at")
    if kept_at is not None and (at, word) <= (kept_at, getattr(template, kind)):
        return False
    setattr(template, kind, word)
    setattr(template, f"{kind}_at", at)
    return True
