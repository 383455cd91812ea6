"""The gates of every page: who is in, in which workspace, with which rights; and the only way to a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from allauth.mfa.models import Authenticator
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.db.models import BooleanField, Exists, ExpressionWrapper, IntegerField, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from difusio.accounts.first_run import is_first_run
from difusio.accounts.gates import SignedInRequest
from difusio.accounts.hold import IS_HELD
from difusio.accounts.models import Membership, Role, User, Workspace
from difusio.accounts.rights import Right, may
from difusio.campaigns.models import Campaign, CampaignState, RoundBatch
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.outbox.models import Delivery, State
from difusio.segments.models import Segment

# Pages that answer before there is an owner.
_BEFORE_THE_OWNER = frozenset({"first_run", "set_language"})
# Where a second factor is set up, and the ways out.
_WITHOUT_SECOND_FACTOR: Final = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "account_change_password",
        "account_reauthenticate",
        "account_sessions",
        "account_logout",
        "workspace",
    }
)
# Under this name the session remembers in which of their workspaces somebody works.
CHOSEN: Final = "workspace"
# Nobody counts further than that at a glance; and a page never counts a hundred thousand rows.
MANY_WAIT: Final = 100
_WAITING: Final = RawSQL(  # no value from outside: one count, within the query that every page asks
    "SELECT count(*) FROM (SELECT 1 FROM inbox_conversation c WHERE c.workspace_id = accounts_membership.workspace_id"
    " AND c.waiting_since IS NOT NULL LIMIT %s) them",
    [MANY_WAIT],
    output_field=IntegerField(),
)
_IS_HELD: Final = RawSQL(IS_HELD, [], output_field=BooleanField())  # noqa: S611  # no value from outside
# As above; an index holds the parked alone.
_HAS_PARKED: Final = Exists(
    Delivery.objects.filter(workspace=OuterRef("workspace"), state=State.PARKED, reason="")
)
# Recovery codes alone are none: they come with an app or a passkey.
HAS_SECOND_FACTOR: Final = Exists(
    Authenticator.objects.filter(
        user=OuterRef("user"), type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    )
)
# Asked within the query that every page asks; open batches are few, and an index holds them alone.
_IS_SENDING: Final = ExpressionWrapper(
    Q(
        Exists(
            RoundBatch.objects.filter(
                batch__number__workspace=OuterRef("workspace"),
                batch__is_open=True,
                batch__paused_at=None,
                batch__cancelled_at=None,
            )
        )
    )
    | Q(Exists(Campaign.objects.filter(workspace=OuterRef("workspace"), state=CampaignState.PREPARING))),
    output_field=BooleanField(),
)


class ConsoleRequest(SignedInRequest):
    """A request of somebody signed in; ``htmx`` is true when a part of the page is wanted."""

    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Here:
    """Who works, in which workspace, as what.  workspaces: all of theirs, to change between them.

    waiting: how many people wait for an answer there, counted up to ``MANY_WAIT``.
    is_sending: something of a campaign may leave there now, so that there is something to stop.
    needs_second_factor: the workspace asks its members for one, and they have none yet.
    is_held: the store was restored, and nothing leaves until somebody lets it.
    has_parked: something there waits for somebody to decide whether it is sent once more.
    """

    user: User
    workspace: Workspace
    role: Role
    workspaces: Sequence[Workspace]
    waiting: int = 0
    is_sending: bool = False
    is_held: bool = False
    has_parked: bool = False
    needs_second_factor: bool = False

    def may(self, right: Right) -> bool:
        """Tell whether they have the right in this workspace."""
        return may(self.role, right)


def enter(request: HttpRequest, right: Right) -> Here:
    """Give where the request works, if it may do that there; else Http404, as for what does not exist.

    Every page but those of the sign-in begins with this line.  Cost: 1 query, once a request.
    """
    here = where(request)
    if here is None or not here.may(right):
        raise Http404
    return here


def where(request: HttpRequest) -> Here | None:
    """Give where somebody signed in works, None without a workspace; times are shown in its zone from here on."""
    if not hasattr(request, "_here"):
        here = _where(request)
        request._here = here  # type: ignore[attr-defined]  # noqa: SLF001  # kept for the frame around the page
        if here is not None:
            timezone.activate(here.workspace.time_zone)
    found: Here | None = request._here  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def _where(request: HttpRequest) -> Here | None:
    user = request.user
    if not isinstance(user, User):
        return None
    memberships = list(
        Membership.objects.filter(user=user)
        .select_related("workspace")
        .annotate(
            waiting=_WAITING,
            is_sending=_IS_SENDING,
            is_held=_IS_HELD,
            has_parked=_HAS_PARKED,
            has_second_factor=HAS_SECOND_FACTOR,
        )
        .order_by("workspace_id")
    )
    if not memberships:
        return None
    chosen = request.session.get(CHOSEN)
    here = next((one for one in memberships if one.workspace_id == chosen), memberships[0])
    workspaces = [one.workspace for one in memberships]
    return Here(
        user,
        here.workspace,
        Role(here.role),
        workspaces,
        here.waiting,
        here.is_sending,
        here.is_held,
        here.has_parked,
        here.workspace.requires_second_factor and not here.has_second_factor,
    )


def campaign_for(here: Here, campaign_id: int) -> Campaign:
    """Give a campaign of the workspace.  Unknown and forbidden are one answer: Http404.  Cost: 1 query."""
    try:
        return Campaign.objects.select_related(
            "workspace", "number__portfolio", "number__lease", "topic", "segment"
        ).get(pk=campaign_id, workspace=here.workspace)
    except Campaign.DoesNotExist:
        raise Http404 from None


def segment_for(here: Here, segment_id: int) -> Segment:
    """Give a segment of the workspace.  Unknown and forbidden are one answer: Http404.  Cost: 1 query."""
    try:
        return Segment.objects.get(pk=segment_id, workspace=here.workspace)
    except Segment.DoesNotExist:
        raise Http404 from None


def template_for(here: Here, template_id: int) -> Template:
    """Give a template of the workspace.  Unknown and forbidden are one answer: Http404.  Cost: 1 query."""
    try:
        return Template.objects.get(pk=template_id, workspace=here.workspace)
    except Template.DoesNotExist:
        raise Http404 from None


def conversation_for(here: Here, contact_id: int) -> Contact:
    """Give a person of the workspace with their conversation, if they ever wrote; else Http404.  Cost: 1 query."""
    try:
        return Contact.objects.select_related("conversation__number").get(
            pk=contact_id, workspace=here.workspace, erased_at=None
        )
    except Contact.DoesNotExist:
        raise Http404 from None


def _to_second_factor(request: HttpRequest, name: str | None) -> HttpResponseBase | None:
    """Lead a member to their account whose workspace asks for a second factor that they do not have yet."""
    if name in _WITHOUT_SECOND_FACTOR:
        return None
    here = where(request)
    if here is None or not here.needs_second_factor:
        return None
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(reverse("mfa_index"))
    return redirect("mfa_index")


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
        if name in _BEFORE_THE_OWNER:
            return None
        if request.user.is_authenticated:
            return _to_second_factor(request, name)
        if is_first_run():
            return redirect("first_run")
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return answer

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:  # Any: Django's is narrower
        """Send the whole page to the sign-in, also when only a part of it was asked for; and from there back.

        What was pressed is an address that cannot be read: back to the page on which it was.
        """
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("account_login"))
        if request.method not in {"GET", "HEAD"}:
            return redirect_to_login(_page_before(request), reverse("account_login"))
        return super().handle_no_permission(request, view_func)


def _page_before(request: HttpRequest) -> str:
    """Give the page of ours from which somebody came, else home."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return reverse("home")
    parts = urlsplit(came_from)
    return urlunsplit(("", "", parts.path or "/", parts.query, ""))
