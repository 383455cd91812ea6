"""One's own account: how one signs in, and where one is signed in."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from difusio.accounts.gates import SignedInRequest
from difusio.console.browsers import browser_of
from difusio.console.sign_in import end_other_sessions


@require_safe
def show(request: SignedInRequest) -> HttpResponse:
    """Answer "How do I sign in?" for everybody, whatever their role."""
    factors = list(Authenticator.objects.filter(user=request.user).order_by("created_at", "id"))
    codes = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    sessions = UserSession.objects.filter(user=request.user).order_by("-created_at", "-id")
    return render(
        request,
        "console/sessions/account.html",
        {
            "app": next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
            "passkeys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
            "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
            "sessions": [
                (browser_of(one.user_agent), one.created_at, one.session_key == request.session.session_key)
                for one in sessions
            ],
        },
    )


@require_POST
def end_sessions(request: SignedInRequest) -> HttpResponse:
    """Sign out everywhere else."""
    end_other_sessions(request, request.user)
    messages.success(request, gettext("You are signed in here and nowhere else."))
    return redirect("mfa_index")
