"""What stands around every page: where one works, and the ways to the other pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from difusio.accounts.rights import Right
from difusio.console.gates import Here, where


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of the navigation.  Its address is one word, and every page beneath it begins with that word."""

    url_name: str
    word: Any  # Any: a lazy translation
    right: Right


# In the order of the day.  A page stands here only when what it shows is real.
WAYS: Final[Sequence[Way]] = (
    Way("home", _("Home"), Right.SEE_CAMPAIGNS),
    Way("campaigns", _("Campaigns"), Right.SEE_CAMPAIGNS),
    Way("contacts", _("Contacts"), Right.SEE_PEOPLE),
    Way("segments", _("Segments"), Right.SEE_CAMPAIGNS),
    Way("templates", _("Templates"), Right.SEE_CAMPAIGNS),
    Way("conversations", _("Conversations"), Right.SEE_TALKS),
    Way("parked", _("Parked"), Right.SEE_PEOPLE),
    Way("consent", _("Consent"), Right.PROVE),
    Way("settings", _("Settings"), Right.MANAGE),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """Tell every template where one works (``here``) and where one may go (``ways``).  Cost: what ``where`` costs."""
    if not request.user.is_authenticated:
        return {"here": None, "ways": ()}
    here = where(request)
    return {
        "here": here,
        "ways": [way for way in WAYS if here is not None and here.may(way.right) and _is_real(way, here)],
        "section": request.path.split("/")[1] or "home",
        "may_stop": here is not None and here.is_sending and here.may(Right.STEER),
        "may_manage_store": here is not None and here.may(Right.MANAGE),
        "is_demo": here is not None and here.workspace.is_demo,
    }


def _is_real(way: Way, here: Here) -> bool:
    """Tell whether there is anything to see: most days nothing is parked."""
    return way.url_name != "parked" or here.has_parked
