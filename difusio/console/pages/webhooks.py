"""Settings, webhooks: who signs what Meta posts to us, and what of it waits for a person."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.console.forms import SecretForm
from difusio.console.gates import ConsoleRequest, Here, enter
from difusio.console.paging import cursor
from difusio.log import kept
from difusio.log.kept import SetAside
from difusio.log.port import FOREIGN
from difusio.numbers.models import Number, WebhookSecret
from difusio.numbers.renew import renew_secret, retire_secrets
from difusio.numbers.set_aside import hand_out, take_again, whose

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Aside:
    """A webhook that was set aside.  why: in words for people; the post's own reason is for whoever mends it."""

    post: SetAside
    why: str

    @property
    def is_for_whoever_mends(self) -> bool:
        """Whether the post's own reason says more."""
        return self.post.reason != FOREIGN


def waiting(here: Here) -> int:
    """Count the webhooks that wait for whoever manages the workspace, up to ``kept.MANY``.  Cost: 3 queries."""
    return len(kept.set_aside(whose(here.workspace, here.user), limit=kept.MANY))


@require_safe
def webhooks(request: ConsoleRequest) -> HttpResponse:
    """Answer "Do we hear from Meta?"."""
    here = enter(request, Right.MANAGE)
    before = cursor(request)
    posts = kept.set_aside(whose(here.workspace, here.user), before=before, limit=_PAGE + 1)
    secrets = WebhookSecret.objects.filter(workspace=here.workspace, retired_at=None).order_by("-id")
    return render(
        request,
        "console/settings/webhooks.html",
        {
            "secrets": list(secrets),
            "aside": [Aside(post, _why(post)) for post in posts[:_PAGE]],
            "older": posts[_PAGE - 1].id if len(posts) > _PAGE else None,
            "is_first_page": before is None,
        },
    )


@sensitive_post_parameters("app_secret")
@require_http_methods(["GET", "HEAD", "POST"])
def new_secret(request: ConsoleRequest) -> HttpResponse:
    """Accept what another app secret signs too."""
    here = enter(request, Right.MANAGE)
    number = _any_number(here)
    form = SecretForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        renew_secret(number.pk, **form.cleaned_data, by=str(here.user), at=clock.now())
        messages.success(
            request, gettext("Both app secrets hold now. Change it at Meta, then let the old one go here.")
        )
        return redirect("webhooks")
    return render(request, "console/settings/secret.html", {"form": form})


@require_POST
def retire(request: ConsoleRequest) -> HttpResponse:
    """Accept only what the newest app secret signs."""
    here = enter(request, Right.MANAGE)
    retire_secrets(_any_number(here).pk, by=str(here.user), at=clock.now())
    messages.success(request, gettext("Only the newest app secret holds now."))
    return redirect("webhooks")


@require_POST
def again(request: ConsoleRequest, post_id: int | None = None) -> HttpResponse:
    """Let one webhook that was set aside, or all of them, be folded in if it can be by now."""
    here = enter(request, Right.MANAGE)
    taken = take_again(
        whose(here.workspace, here.user),
        None if post_id is None else [post_id],
        workspace_id=here.workspace.pk,
        by=str(here.user),
        at=clock.now(),
    )
    if post_id is not None and not taken:
        raise Http404
    messages.success(
        request,
        ngettext(
            "%(n)s webhook is tried again. If it still cannot be read, it comes back to this list.",
            "%(n)s webhooks are tried again. What still cannot be read comes back to this list.",
            taken,
        )
        % {"n": taken},
    )
    return redirect("webhooks")


@require_POST
def body(request: ConsoleRequest, post_id: int) -> HttpResponse:
    """Let the raw bytes of a webhook be taken out of the house, which is written down."""
    here = enter(request, Right.MANAGE)
    raw = hand_out(
        whose(here.workspace, here.user),
        post_id,
        workspace_id=here.workspace.pk,
        by=str(here.user),
        at=clock.now(),
    )
    if raw is None:
        raise Http404
    return HttpResponse(
        raw,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="webhook-{post_id}.json"'},
    )


def _any_number(here: Here) -> Number:
    """Give a number of the workspace: its secrets are those of all."""
    number = Number.objects.filter(workspace=here.workspace).order_by("id").first()
    if number is None:
        raise Http404
    return number


def _why(post: SetAside) -> str:
    if post.reason == FOREIGN:
        return gettext("It is about a number that is not known here. Add the number, then try again.")
    if post.reason.startswith("folding failed"):
        return gettext("It was read but could not be kept. Update Difusió, then try again.")
    return gettext("It could not be read. Update Difusió, then try again.")
