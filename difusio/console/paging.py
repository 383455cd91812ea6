"""Where a list goes on: lists are cut by id, so that new rows shift nothing."""

from django.http import HttpRequest


def cursor(request: HttpRequest) -> int | None:
    """Give the id before which the page begins, as ``?before=`` says; None on the first page."""
    before = request.GET.get("before", "")
    return int(before) if before.isdecimal() and len(before) < len(str(2**63)) else None
