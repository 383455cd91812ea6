"""Acts: save a question under a name, change it, copy it.  The tree is read before anything is written."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from difusio.accounts import audit
from difusio.segments.errors import SegmentError
from difusio.segments.models import Segment
from difusio.segments.tree import parse

MAX_NAME: Final = 120


class MissingNameError(SegmentError):
    """A segment needs a name: write one."""


class LongNameError(SegmentError):
    """A segment's name has at most 120 characters: shorten it."""


class NameTakenError(SegmentError):
    """There is a segment called %(name)s already: choose another name."""


def add(*, workspace_id: int, name: str, tree: object, by: str, at: datetime) -> int:
    """Save a new segment and give its id.

    tree: the JSON form, already loaded.  Raises TreeError, MissingNameError, LongNameError, NameTakenError.
    """
    parse(tree)
    segment = Segment(workspace_id=workspace_id, name=_clean(name), tree=tree, created_at=at, changed_at=at)
    _store(segment, "segment.added", by=by, at=at)
    return segment.pk


def change(segment_id: int, *, name: str | None = None, tree: object = None, by: str, at: datetime) -> None:
    """Give a segment another name, another tree, or both; what is None stays.

    Another tree forgets the last count.  Campaigns that are not launched ask the new question.
    Raises Segment.DoesNotExist, and what ``add`` raises.
    """
    if tree is not None:
        parse(tree)
    with transaction.atomic():
        segment = Segment.objects.select_for_update().get(pk=segment_id)
        is_another = tree is not None and tree != segment.tree
        new_name = segment.name if name is None else _clean(name)
        if not is_another and new_name == segment.name:
            return
        segment.name = new_name
        segment.changed_at = at
        if is_another:
            segment.tree = tree
            segment.counted = segment.counted_of = segment.counted_at = None
        _store(segment, "segment.changed", by=by, at=at)


def duplicate(segment_id: int, *, by: str, at: datetime) -> int:
    """Save the same question again under a name of its own, and give the copy's id.

    Raises Segment.DoesNotExist.  Cost: the audit's queries and 3 more.
    """
    segment = Segment.objects.get(pk=segment_id)
    taken = set(Segment.objects.filter(workspace_id=segment.workspace_id).values_list("name", flat=True))
    copy, number = _copy_of(segment.name, 1), 1
    while copy in taken:
        number += 1
        copy = _copy_of(segment.name, number)
    return add(workspace_id=segment.workspace_id, name=copy, tree=segment.tree, by=by, at=at)


def _copy_of(name: str, number: int) -> str:
    mark = gettext("copy") if number == 1 else f"{gettext('copy')} {number}"
    return f"{name[: MAX_NAME - len(mark) - 3]} ({mark})"


def _clean(name: str) -> str:
    clean = " ".join(name.replace("\0", "").split())
    if not clean:
        raise MissingNameError
    if len(clean) > MAX_NAME:
        raise LongNameError
    return clean


def _store(segment: Segment, act: str, *, by: str, at: datetime) -> None:
    try:
        with transaction.atomic():
            segment.save()
            audit.record(
                workspace_id=segment.workspace_id, actor=by, act=act, details={"segment": segment.pk}, at=at
            )
    except IntegrityError:
        raise NameTakenError(name=segment.name) from None
