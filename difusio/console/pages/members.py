"""Who may work here: members, their roles, and those who are invited."""

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from difusio.accounts import members as acts
from difusio.accounts.invite import InvitationError, invite, withdraw
from difusio.accounts.models import Invitation, Membership, Role
from difusio.accounts.rights import Right
from difusio.accounts.second_factor import require
from difusio.common import clock
from difusio.console.forms import ROLES, InviteForm, RoleForm
from difusio.console.gates import HAS_SECOND_FACTOR, ConsoleRequest, Here, enter


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: ConsoleRequest) -> HttpResponse:
    """Answer "Who may work here?"; a POST invites somebody and shows the link, once."""
    here = enter(request, Right.MANAGE)
    form = InviteForm(request.POST if request.method == "POST" else None, initial={"role": Role.DESK})
    link = ""
    if form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            invited = invite(email, role, workspace_id=here.workspace.pk, by=str(here.user), at=clock.now())
        except InvitationError as error:
            form.add_error("email", gettext(str(error)))
        else:
            link = request.build_absolute_uri(reverse("invitation", args=[invited.token]))
            _send(here, email, link)
    return render(request, "console/settings/members.html", {**_told(here), "form": form, "link": link})


def _told(here: Here) -> dict[str, object]:
    """Tell who is in and who is invited.  Cost: 2 queries."""
    return {
        "members": Membership.objects.filter(workspace=here.workspace)
        .select_related("user")
        .annotate(has_second_factor=HAS_SECOND_FACTOR)
        .order_by("user__email", "id"),
        "invitations": Invitation.objects.filter(
            workspace=here.workspace, accepted_at=None, withdrawn_at=None, expires_at__gt=clock.now()
        ).order_by("-created_at", "-id"),
        "roles": ROLES,
        "sends_email": settings.DIFUSIO_SENDS_EMAIL,
    }


def _send(here: Here, email: str, link: str) -> None:
    """Send the link too, where e-mail is set up; whether it arrives or not, the page shows it."""
    if settings.DIFUSIO_SENDS_EMAIL:
        send_mail(
            subject=gettext("An invitation to %(workspace)s")
            % {"workspace": " ".join(here.workspace.name.split())},
            message=gettext(
                "You are invited to work on %(workspace)s's messages. Open this link within seven days:"
            )
            % {"workspace": here.workspace.name}
            + f"\n\n{link}\n",
            from_email=None,
            recipient_list=[email],
            fail_silently=True,
        )


@require_POST
def second_factor(request: ConsoleRequest) -> HttpResponse:
    """Ask every member for a second step at the sign-in, or leave it to them."""
    here = enter(request, Right.MANAGE)
    require(
        here.workspace.pk,
        is_required=request.POST.get("required") == "yes",
        by=str(here.user),
        at=clock.now(),
    )
    return redirect("members")


@require_POST
def change_role(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Let a member do other things."""
    here = enter(request, Right.MANAGE)
    _member(here, user_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            acts.change_role(
                user_id,
                Role(form.cleaned_data["role"]),
                workspace_id=here.workspace.pk,
                by=str(here.user),
                at=clock.now(),
            )
        except acts.MemberError as error:
            messages.error(request, gettext(str(error)))
    return redirect("members")


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: ConsoleRequest, user_id: int) -> HttpResponse:
    """Ask once, then take a member's place away."""
    here = enter(request, Right.MANAGE)
    membership = _member(here, user_id)
    if request.method != "POST":
        return render(request, "console/settings/remove_member.html", {"membership": membership})
    try:
        acts.remove(user_id, workspace_id=here.workspace.pk, by=str(here.user), at=clock.now())
    except acts.MemberError as error:
        messages.error(request, gettext(str(error)))
    return redirect("members")


def _member(here: Here, user_id: int) -> Membership:
    found = Membership.objects.filter(workspace=here.workspace, user=user_id).select_related("user").first()
    if found is None:
        raise Http404
    return found


@require_POST
def withdraw_invitation(request: ConsoleRequest, invitation_id: int) -> HttpResponse:
    """Let a link hold no longer."""
    here = enter(request, Right.MANAGE)
    if not Invitation.objects.filter(pk=invitation_id, workspace=here.workspace).exists():
        raise Http404
    withdraw(invitation_id, workspace_id=here.workspace.pk, by=str(here.user), at=clock.now())
    return redirect("members")
