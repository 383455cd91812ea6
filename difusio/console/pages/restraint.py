"""When and how often marketing reaches one person."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from difusio.accounts.restrain import RestraintError, restrain, restraint_of
from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.console.forms import RestraintForm
from difusio.console.gates import ConsoleRequest, enter


@require_http_methods(["GET", "HEAD", "POST"])
def restraint(request: ConsoleRequest) -> HttpResponse:
    """Answer "When and how often do we write to one person?"."""
    here = enter(request, Right.MANAGE)
    held = restraint_of(here.workspace)
    form = RestraintForm(request.POST if request.method == "POST" else None, initial=RestraintForm.told(held))
    if form.is_valid():
        try:
            restrain(here.workspace.pk, form.restraint(), by=str(here.user), at=clock.now())
        except RestraintError as error:
            form.add_error(None, gettext(str(error)))
        else:
            messages.success(request, gettext("Kept."))
            return redirect("restraint")
    zone = here.workspace.time_zone.replace("_", " ")
    return render(request, "console/settings/restraint.html", {"form": form, "zone": zone})
