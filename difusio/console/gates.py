"""The only way a page gets a campaign, and the two gates that stand before every page."""

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from difusio.accounts.first_run import is_first_run
from difusio.accounts.gates import SignedInRequest, role_of, workspaces_of
from difusio.accounts.models import Role, User
from difusio.campaigns.models import Campaign

# Pages that answer before there is an owner.
_BEFORE_THE_OWNER = frozenset({"first_run", "set_language"})
# Who may pause, resume and cancel; privacy looks and exports.
_STEERS = frozenset({Role.OWNER, Role.MARKETER, Role.DESK})


class ConsoleRequest(SignedInRequest):
    """A request of somebody signed in; ``htmx`` is true when a part of the page is wanted."""

    htmx: HtmxDetails


def campaign_for(user: User, campaign_id: int) -> Campaign:
    """Give a campaign of the user's workspaces.  Unknown and forbidden are one answer: Http404.  Cost: 1 query."""
    try:
        return Campaign.objects.select_related("workspace", "number", "topic", "segment").get(
            pk=campaign_id, workspace__in=workspaces_of(user)
        )
    except Campaign.DoesNotExist:
        raise Http404 from None


def campaign_to_steer(user: User, campaign_id: int) -> Campaign:
    """Give a campaign that the user may pause, resume and cancel.  Raises Http404, PermissionDenied."""
    campaign = campaign_for(user, campaign_id)
    if not may_steer(user, campaign):
        raise PermissionDenied
    return campaign


def may_steer(user: User, campaign: Campaign) -> bool:
    """Tell whether the user's role lets them pause, resume and cancel.  Cost: 1 query."""
    return role_of(user, campaign.workspace_id) in _STEERS


class OwnerFirst(LoginRequiredMiddleware):
    """Denies by default: every page asks to sign in, and before there is an owner every page asks for one."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:  # Any: Django's signature
        """Send people without a session where they can get one.

        Whoever is signed in proves that an owner exists, so only strangers cost the question.
        """
        match = request.resolver_match
        name = match.url_name if match else None
        if request.user.is_authenticated or name in _BEFORE_THE_OWNER:
            return None
        if is_first_run():
            return redirect("first_run")
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return answer

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:  # Any: Django's is narrower
        """Send the whole page to the sign-in, also when only a part of it was asked for."""
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("account_login"))
        return super().handle_no_permission(request, view_func)
