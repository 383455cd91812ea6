"""Act: delete a segment that no campaign uses."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from difusio.accounts import audit
from difusio.segments.errors import SegmentError
from difusio.segments.models import Segment


class SegmentUsedError(SegmentError):
    """A campaign uses this segment, so it stays: change it or copy it instead."""


def delete(segment_id: int, *, by: str, at: datetime) -> None:
    """Delete a segment; one that is gone already stays gone.  Raises SegmentUsedError."""
    with transaction.atomic():
        segment = Segment.objects.select_for_update().filter(pk=segment_id).first()
        if segment is None:
            return
        try:
            segment.delete()
        except ProtectedError:
            raise SegmentUsedError from None
        audit.record(
            workspace_id=segment.workspace_id,
            actor=by,
            act="segment.deleted",
            details={"segment": segment_id, "name": segment.name},
            at=at,
        )
