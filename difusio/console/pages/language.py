"""The language of the pages: this browser remembers it, and whoever is signed in finds it in the next one."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.views.i18n import set_language as remember

from difusio.accounts.models import User


@login_not_required
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Speak another language from the next page on."""
    language = request.POST.get("language", "")
    if isinstance(request.user, User) and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return remember(request)
