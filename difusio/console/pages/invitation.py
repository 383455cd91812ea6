"""An invitation, opened by whoever holds the link: they choose a password, or join with the one they have."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from difusio.accounts.invite import InvitationError, InvitationGoneError, begin, invitation_of, join
from difusio.accounts.models import Membership, User
from difusio.common import clock
from difusio.console.forms import PasswordForm
from difusio.console.gates import CHOSEN
from difusio.console.sign_in import sign_in


@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is offered and take it up; a link that no longer holds says so."""
    try:
        offered = invitation_of(token, at=clock.now())
    except InvitationGoneError:
        return render(request, "console/settings/invitation_gone.html", status=404)
    user = request.user if isinstance(request.user, User) else None
    is_somebody_else = user is not None and user.email != offered.email
    is_known = User.objects.filter(email=offered.email).exists()
    form = PasswordForm(request.POST if request.method == "POST" and not is_known else None)
    error = ""
    if request.method == "POST" and not is_somebody_else and (user if is_known else form.is_valid()):
        try:
            membership = _accept(token, user if is_known else None, form)
        except InvitationError as failure:
            error = gettext(str(failure))
        else:
            if user is None:
                sign_in(request, membership.user)
            request.session[CHOSEN] = membership.workspace_id
            return redirect("home")
    told = {
        "invitation": offered,
        "token": token,
        "form": form,
        "is_known": is_known,
        "is_somebody_else": is_somebody_else,
        "error": error,
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': request.path})}",
    }
    return render(request, "console/settings/invitation.html", told)


def _accept(token: str, user: User | None, form: PasswordForm) -> Membership:
    if user is not None:
        return join(token, user=user, at=clock.now())
    return begin(token, password=form.cleaned_data["password"], language=get_language() or "", at=clock.now())
