"""Home: where one comes in."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from difusio.console.gates import ConsoleRequest, where


@require_safe
def home(request: ConsoleRequest) -> HttpResponse:
    """Lead to the campaigns; whoever has no workspace reads how to get into one."""
    if where(request) is None:
        return render(request, "console/no_workspace.html", status=403)
    return redirect("campaigns")
