"""The first run: the one page of an installation that has no owner yet."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from difusio.accounts.first_run import AlreadyOwnedError, FirstRunError, is_first_run, make_owner
from difusio.accounts.models import User
from difusio.common import clock
from difusio.console.forms import FirstRunForm
from difusio.console.sign_in import sign_in


@login_not_required
@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Ask who owns this installation, once; afterwards the page does not exist."""
    if not is_first_run():
        raise Http404
    form = FirstRunForm(request.POST or None, initial={"language": get_language(), "country": "ES"})
    if request.method == "POST" and form.is_valid():
        try:
            owner = make_owner(**form.owner(), at=clock.now())
        except AlreadyOwnedError:
            raise Http404 from None
        except FirstRunError as error:
            form.add_error(None, gettext(str(error)))
        else:
            sign_in(request, User.objects.get(pk=owner.user_id))
            return redirect("home")
    return render(request, "console/first_run.html", {"form": form})
