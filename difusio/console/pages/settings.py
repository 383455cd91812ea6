"""Settings: who and what may send.  Numbers, what stops them, their secrets; and the business itself."""

from dataclasses import dataclass
from secrets import token_urlsafe

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from difusio.accounts.first_run import FirstRunError
from difusio.accounts.rename import rename
from difusio.accounts.rights import Right
from difusio.cloud_api.transport import CloudApiError
from difusio.common import clock
from difusio.console.examples import example_templates
from difusio.console.forms import BusinessForm, NumberForm, SimulatorForm, TokenForm
from difusio.console.gates import ConsoleRequest, Here, enter
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.sync import sync
from difusio.numbers.add import NumberError, add
from difusio.numbers.models import Number
from difusio.numbers.refresh import refresh as refresh_number
from difusio.numbers.renew import let_go_on, renew_token
from difusio.numbers.simulate import USUAL_PORT, connect_simulator, start_command
from difusio.reports.causes import held_back, stop_sentence

_WEBHOOKS = "/webhooks/whatsapp"


@dataclass(frozen=True, slots=True)
class Health:
    """A number, why it is stopped and why its own sender holds it back, in sentences ("": it may send)."""

    number: Number
    stopped: str
    held: str

    @property
    def is_disliked(self) -> bool:
        """Meta says that people take its messages badly."""
        return self.number.quality == "RED"

    @property
    def is_well(self) -> bool:
        """It leaves nobody anything to do."""
        return not (self.stopped or self.held or self.is_disliked)


def health(here: Here) -> list[Health]:
    """Tell how the workspace's numbers stand.  Cost: 1 query."""
    numbers = (
        Number.objects.filter(workspace=here.workspace).select_related("portfolio", "lease").order_by("id")
    )
    return [
        Health(one, stop_sentence(one.stopped_for) if one.stopped_for else "", held_back(one))
        for one in numbers
    ]


@require_safe
def numbers(request: ConsoleRequest) -> HttpResponse:
    """Answer "Who and what may send?" by the numbers."""
    here = enter(request, Right.MANAGE)
    return render(request, "console/settings/numbers.html", {"numbers": health(here)})


@sensitive_post_parameters("access_token", "app_secret", "verify_token")
@require_http_methods(["GET", "HEAD", "POST"])
def new_number(request: ConsoleRequest) -> HttpResponse:
    """Add a number of Meta's, then ask Meta how it stands."""
    here = enter(request, Right.MANAGE)
    form = NumberForm(
        request.POST if request.method == "POST" else None, initial={"verify_token": token_urlsafe(18)}
    )
    if form.is_valid():
        try:
            number = add(form.number(), workspace_id=here.workspace.pk, by=str(here.user), at=clock.now())
        except NumberError as error:
            form.add_error(None, gettext(str(error)))
        else:
            _ask(request, number)
            return redirect("number", number.pk)
    return render(
        request, "console/settings/new_number.html", {"form": form, "callback_url": _callback_url()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: ConsoleRequest) -> HttpResponse:
    """Connect a simulator on this machine, with templates to begin with."""
    here = enter(request, Right.MANAGE)
    form = SimulatorForm(request.POST if request.method == "POST" else None, initial={"port": USUAL_PORT})
    if form.is_valid():
        try:
            number = connect_simulator(
                workspace_id=here.workspace.pk,
                port=form.cleaned_data["port"],
                callback_url=f"http://127.0.0.1:{settings.DIFUSIO_RECEIVE_PORT}{_WEBHOOKS}",
                templates=example_templates(here.workspace.name),
                by=str(here.user),
                at=clock.now(),
            )
        except NumberError as error:
            form.add_error(None, gettext(str(error)))
        else:
            _ask(request, number)
            return redirect("number", number.pk)
    return render(request, "console/settings/simulator.html", {"form": form, "command": start_command()})


@require_safe
def show_number(request: ConsoleRequest, number_id: int) -> HttpResponse:
    """Show one number: how it stands, what to tell Meta, what can be done."""
    here = enter(request, Right.MANAGE)
    number = number_for(here, number_id)
    stopped = stop_sentence(number.stopped_for) if number.stopped_for else ""
    return render(
        request,
        "console/settings/number.html",
        {
            "number": number,
            "stopped": stopped,
            "held_back": held_back(number),
            "callback_url": _callback_url(),
        },
    )


@require_POST
def refresh(request: ConsoleRequest, number_id: int) -> HttpResponse:
    """Ask Meta how the number and its templates stand now."""
    number = number_for(enter(request, Right.MANAGE), number_id)
    _ask(request, number)
    return redirect("number", number.pk)


@require_POST
def go_on(request: ConsoleRequest, number_id: int) -> HttpResponse:
    """Let a stopped number send again."""
    here = enter(request, Right.MANAGE)
    number = number_for(here, number_id)
    let_go_on(number.pk, by=str(here.user), at=clock.now())
    return redirect("number", number.pk)


@sensitive_post_parameters("access_token")
@require_http_methods(["GET", "HEAD", "POST"])
def token(request: ConsoleRequest, number_id: int) -> HttpResponse:
    """Send with another access token from now on."""
    here = enter(request, Right.MANAGE)
    number = number_for(here, number_id)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        renew_token(number.pk, form.cleaned_data["access_token"], by=str(here.user), at=clock.now())
        _ask(request, Number.objects.get(pk=number.pk))
        return redirect("number", number.pk)
    return render(request, "console/settings/token.html", {"number": number, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def business(request: ConsoleRequest) -> HttpResponse:
    """Say what the business is called, where it is and what it speaks."""
    here = enter(request, Right.MANAGE)
    now = {name: getattr(here.workspace, name) for name in ("name", "language", "country", "time_zone")}
    form = BusinessForm(request.POST if request.method == "POST" else None, initial=now)
    if form.is_valid():
        try:
            rename(here.workspace.pk, **form.cleaned_data, by=str(here.user), at=clock.now())
        except FirstRunError as error:
            form.add_error(None, gettext(str(error)))
        else:
            messages.success(request, gettext("Kept."))
            return redirect("business")
    return render(request, "console/settings/business.html", {"form": form})


def number_for(here: Here, number_id: int) -> Number:
    """Give a number of the workspace; unknown and forbidden are one answer: Http404.  Cost: 1 query."""
    found = (
        Number.objects.filter(pk=number_id, workspace=here.workspace)
        .select_related("portfolio", "lease")
        .first()
    )
    if found is None:
        raise Http404
    return found


def _ask(request: ConsoleRequest, number: Number) -> None:
    """Read from Meta how a number and its templates stand, and say what came of it."""
    try:
        refresh_number(number.pk)
        synced = sync(workspace_id=number.workspace_id, number_id=number.pk, at=clock.now())
    except CloudApiError:
        messages.error(
            request,
            gettext(
                "Meta did not answer for this number: check its ids and its access token, then ask again."
            ),
        )
    except MessageTemplateError as error:
        messages.error(request, gettext(str(error)))
    else:
        messages.success(
            request,
            gettext("Meta answered. Templates: %(new)s new, %(changed)s changed.")
            % {"new": synced.new, "changed": synced.changed},
        )


def _callback_url() -> str:
    """Say where Meta must send webhooks: beside the pages once they have a public address, else this machine."""
    if settings.DIFUSIO_URL.startswith("https://"):
        return settings.DIFUSIO_URL + _WEBHOOKS
    return f"http://127.0.0.1:{settings.DIFUSIO_RECEIVE_PORT}{_WEBHOOKS}"
