"""Choose what a campaign sends: the approved language versions of one template."""

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.models import Template

APPROVED = "APPROVED"
DELETED = "DELETED"


class ChoiceError(MessageTemplateError):
    """This template cannot be sent."""


class UnknownTemplateError(ChoiceError):
    """There is no template %(name)s on this account: refresh the templates, or check its name at Meta."""


class NotApprovedError(ChoiceError):
    """The template %(name)s cannot be sent: %(why)s"""


# What Meta's status means, and what to do.
# Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
# (read 2026-11-22)
STATUS_SENTENCES: Final = MappingProxyType(
    {
        "PENDING": _("Meta is still checking it; wait up to a day and refresh the templates."),
        "REJECTED": _("Meta has rejected it; change it at Meta and hand it in again."),
        "PAUSED": _("Meta has paused it because of how people took it; wait until Meta lifts the pause."),
        "DISABLED": _("Meta has disabled it for good; write another one."),
        "IN_APPEAL": _("Meta is deciding about your appeal; wait for the answer."),
        "LIMIT_EXCEEDED": _("the account has too many templates; delete some at Meta."),
        "PENDING_DELETION": _("it is being deleted at Meta; choose another one."),
        DELETED: _("it no longer exists at Meta; choose another one."),
        "ARCHIVED": _("Meta has archived it because it was not used; bring it back at Meta."),
    }
)
_OTHER_STATUS = _("Meta does not have it as approved; look at its state at Meta.")

# Several languages may stand differently: the one that is nearest to being sendable explains most.
_NEAREST = ("PENDING", "IN_APPEAL", "PAUSED", "ARCHIVED", "REJECTED", "LIMIT_EXCEEDED", "DISABLED")


def sendable(*, workspace_id: int, waba_id: str, name: str) -> dict[str, Template]:
    """Give the approved versions of a template by Meta's language code (``ca``, ``en_US``).

    Cost: one query.  Raises UnknownTemplateError, NotApprovedError.
    """
    versions = list(
        Template.objects.filter(workspace_id=workspace_id, waba_id=waba_id, name=name).order_by("language")
    )
    if not versions:
        raise UnknownTemplateError(name=name)
    approved = {version.language: version for version in versions if version.status == APPROVED}
    if not approved:
        raise NotApprovedError(name=name, why=_why_not({version.status for version in versions}))
    return approved


def _why_not(statuses: set[str]) -> str:
    nearest = next((status for status in _NEAREST if status in statuses), min(statuses))
    return gettext(STATUS_SENTENCES.get(nearest, _OTHER_STATUS))
