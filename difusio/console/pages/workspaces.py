"""Change to another of one's workspaces."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from difusio.console.gates import CHOSEN, ConsoleRequest, where


@require_POST
def work_in(request: ConsoleRequest, workspace_id: int) -> HttpResponse:
    """Work in another workspace from here on; somebody else's does not exist."""
    here = where(request)
    if here is None or all(one.pk != workspace_id for one in here.workspaces):
        raise Http404
    request.session[CHOSEN] = workspace_id
    return redirect("home")
