"""The parts that the pages are made of, from the same templates: for whoever builds another page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.console.gates import ConsoleRequest, enter
from difusio.console.samples import samples


@require_safe
def parts(request: ConsoleRequest) -> HttpResponse:
    """Show every part as the pages show it."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    return render(request, "console/parts.html", samples(here.workspace.name, clock.now()))
