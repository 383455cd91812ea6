"""What a page says when something went wrong that no view foresaw."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import server_error

from difusio.common.store import is_away

_RETRY_S = 5


def went_wrong(request: HttpRequest) -> HttpResponse:
    """Say that the store is away, which passes, or that it is our fault.  Needs neither request nor store."""
    error = sys.exc_info()[1]
    if error is None or not is_away(error):
        return server_error(request)
    page = loader.render_to_string("503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(_RETRY_S), "Cache-Control": "no-store"})
