"""The templates, one of them, and a new one: what may we say?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign, Variant
from difusio.common import clock
from difusio.console import template_form
from difusio.console.bubble import Bubble, bubble_of, bubble_with
from difusio.console.gates import ConsoleRequest, Here, enter, template_for
from difusio.console.paging import cursor
from difusio.console.template_form import BUTTONS, CATEGORIES, Typed
from difusio.contacts.models import Contact
from difusio.contacts.search import contacts, search
from difusio.message_templates.choose import STATUS_SENTENCES
from difusio.message_templates.errors import MessageTemplateError
from difusio.message_templates.merge_fields import CONTACT_FIELDS
from difusio.message_templates.models import Rate, Template, TemplateChange
from difusio.message_templates.placeholders import Placeholder, UnsupportedError, placeholders
from difusio.message_templates.rates import MICROS, card_on
from difusio.message_templates.reasons import reason_sentence
from difusio.message_templates.submit import NoNumberError, submit
from difusio.message_templates.sync import sync as sync_templates
from difusio.numbers.models import Number

PAGE_SIZE: Final = 50
# Whoever plans marketing may plan alerts too: this right is the lesser one.
CHANGE: Final = Right.PLAN_ALERTS
# Somebody waits for the page: a slow Meta is asked again later.
_DEADLINE_S: Final = 4.0
_MOST_ACCOUNTS: Final = 5
_FOUND_PEOPLE: Final = 6
_HISTORY: Final = 20
_COUNTRIES: Final = 12

STATUS_WORDS: Final[Mapping[str, Any]] = {
    "APPROVED": gettext_lazy("approved"),
    "PENDING": gettext_lazy("in review"),
    "REJECTED": gettext_lazy("rejected"),
    "PAUSED": gettext_lazy("paused by Meta"),
    "DISABLED": gettext_lazy("disabled"),
    "IN_APPEAL": gettext_lazy("in appeal"),
    "LIMIT_EXCEEDED": gettext_lazy("over the limit"),
    "PENDING_DELETION": gettext_lazy("being deleted"),
    "DELETED": gettext_lazy("deleted"),
    "ARCHIVED": gettext_lazy("archived"),
}
QUALITY_WORDS: Final[Mapping[str, Any]] = {
    "GREEN": gettext_lazy("high"),
    "YELLOW": gettext_lazy("medium"),
    "RED": gettext_lazy("low"),
    "UNKNOWN": gettext_lazy("not known yet"),
}
CATEGORY_WORDS: Final[Mapping[str, Any]] = {
    "MARKETING": gettext_lazy("marketing"),
    "UTILITY": gettext_lazy("utility"),
    "AUTHENTICATION": gettext_lazy("authentication"),
}
CHANGE_WORDS: Final[Mapping[str, Any]] = {
    "status": gettext_lazy("State"),
    "quality": gettext_lazy("Quality"),
    "category": gettext_lazy("Category"),
    "category_notice": gettext_lazy("Category to come"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A template as the list and its page show it: Meta's words in the reader's."""

    template: Template
    status: str
    quality: str
    category: str
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Mapped:
    """A placeholder, and what the last campaign put into it."""

    placeholder: Placeholder
    value: str


@dataclass(frozen=True, slots=True)
class Move:
    """One move of the template at Meta, in words."""

    what: str
    old: str
    new: str
    reason: str
    change: TemplateChange


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "What may we say?": every language version with its state, newest first."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    everything = Template.objects.filter(workspace=here.workspace)
    asked, state = request.GET.get("q", "").strip()[:120], request.GET.get("state", "")
    shown = everything.order_by("-id")
    if asked:
        shown = shown.filter(name__icontains=asked.replace(" ", "_"))
    if state in STATUS_WORDS:
        shown = shown.filter(status=state)
    before = cursor(request)
    if before is not None:
        shown = shown.filter(pk__lt=before)
    templates = list(shown[: PAGE_SIZE + 1])
    uses = _uses(here, {template.name for template in templates})
    kept = urlencode({key: value for key, value in (("q", asked), ("state", state)) if value})
    return render(
        request,
        "console/templates/index.html",
        {
            "lines": [_line(template, uses.get(template.name, 0)) for template in templates[:PAGE_SIZE]],
            "older": templates[PAGE_SIZE - 1].pk if len(templates) > PAGE_SIZE else None,
            "is_first_page": before is None,
            "is_filtered": bool(asked or state),
            "address": f"?{kept}&" if kept else "?",
            "q": asked,
            "state": state,
            "states": list(STATUS_WORDS.items()),
            "synced_at": everything.aggregate(last=Max("synced_at"))["last"],
            "may_change": here.may(CHANGE),
            "has_number": Number.objects.filter(workspace=here.workspace).exists(),
        },
    )


@require_POST
def sync(request: ConsoleRequest) -> HttpResponse:
    """Ask Meta now, for each account; what cannot be asked is said, the rest is done."""
    here = enter(request, CHANGE)
    numbers = {
        number.waba_id: number for number in Number.objects.filter(workspace=here.workspace).order_by("-id")
    }
    for number in list(numbers.values())[:_MOST_ACCOUNTS]:
        try:
            synced = sync_templates(
                workspace_id=here.workspace.pk,
                number_id=number.pk,
                at=clock.now(),
                deadline_s=_DEADLINE_S,
            )
        except MessageTemplateError as error:
            messages.error(request, f"{number.display_phone}: {error}")
        else:
            told = _("%(number)s: %(new)s new, %(changed)s changed, %(gone)s gone.")
            messages.success(
                request,
                told
                % {
                    "number": number.display_phone,
                    "new": synced.new,
                    "changed": synced.changed,
                    "gone": synced.gone,
                },
            )
    return redirect("templates")


@require_safe
def show(request: ConsoleRequest, template_id: int) -> HttpResponse:
    """Answer "What may we say?" for one version: its bubble for a real contact, its state, where it is used."""
    here = enter(request, Right.SEE_CAMPAIGNS)
    template = template_for(here, template_id)
    variant = (
        Variant.objects.filter(round__campaign__workspace=here.workspace, template_name=template.name)
        .order_by("-id")
        .first()
    )
    values: Mapping[str, str] = variant.values if variant else {}
    asked = request.GET.get("q", "").strip()
    contact = _contact(here, request.GET.get("contact", ""))
    bubble, mapped, unsupported = _shown(template, values, contact)
    campaigns = Campaign.objects.filter(
        workspace=here.workspace, rounds__variants__template_name=template.name
    )
    return render(
        request,
        "console/templates/show.html",
        {
            "line": _line(template),
            "template": template,
            "why_not": _why_not(template),
            "reason": reason_sentence(template.reason),
            "versions": [
                _line(each)
                for each in Template.objects.filter(
                    workspace=here.workspace, waba_id=template.waba_id, name=template.name
                ).order_by("language", "id")
            ],
            "bubble": bubble,
            "mapped": mapped,
            "unsupported": unsupported,
            "contact": contact,
            "neighbours": _neighbours(here, contact),
            "q": asked,
            "found": _people(here, asked) if asked else [],
            "campaigns": list(campaigns.distinct().order_by("-id")[:PAGE_SIZE]),
            "moves": [_move(change) for change in template.changes.order_by("-at", "-id")[:_HISTORY]],
            **_prices(template, here),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ConsoleRequest) -> HttpResponse:
    """Write a template and hand it in at Meta."""
    here = enter(request, CHANGE)
    if request.method != "POST":
        return _form(request, here, template_form.blank(here.workspace.language))
    is_submitted = request.POST.get("act") == "submit"
    typed = template_form.read(request.POST, judged=is_submitted)
    if not is_submitted:
        return _form(request, here, typed)
    number = _numbers(here).filter(pk=_id(request.POST.get("number", ""))).first()
    try:
        template_id = _submit(here, number, typed, by=str(request.user))
    except MessageTemplateError as error:
        return _form(request, here, typed, error=str(error))
    if request.htmx:
        return HttpResponseClientRedirect(reverse("template", args=[template_id]))
    return redirect("template", template_id)


def _submit(here: Here, number: Number | None, typed: Typed, *, by: str) -> int:
    if number is None:
        raise NoNumberError
    return submit(workspace_id=here.workspace.pk, number_id=number.pk, new=typed.new, by=by, at=clock.now())


@require_POST
def preview(request: ConsoleRequest) -> HttpResponse:
    """Show the new template as it is typed, for the page to put beside its form."""
    enter(request, CHANGE)
    typed = template_form.read(request.POST, judged=True)
    return render(
        request, "console/templates/_preview.html", {"bubble": _typed_bubble(typed), "typed": typed}
    )


def _form(request: ConsoleRequest, here: Here, typed: Typed, *, error: str = "") -> HttpResponse:
    return render(
        request,
        "console/templates/_form.html" if request.htmx else "console/templates/new.html",
        {
            "typed": typed,
            "errors": typed.errors,
            "bubble": _typed_bubble(typed),
            "error": error,
            "numbers": list(_numbers(here)),
            "number": request.POST.get("number", ""),
            "languages": template_form.languages(),
            "categories": list(CATEGORIES.items()),
            "kinds": list(BUTTONS.items()),
        },
    )


def _typed_bubble(typed: Typed) -> Bubble:
    template = template_form.unsaved(typed.new)
    return bubble_with(template, template_form.examples_of(template))


def _numbers(here: Here) -> Any:  # Any: a queryset of numbers
    return Number.objects.filter(workspace=here.workspace).order_by("id")


def _id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len(str(2**63)) else 0


def _line(template: Template, uses: int = 0) -> Line:
    return Line(
        template,
        str(STATUS_WORDS.get(template.status, template.status.lower())),
        str(QUALITY_WORDS.get(template.quality, template.quality.lower())),
        str(CATEGORY_WORDS.get(template.category, template.category.lower())),
        uses,
    )


def _uses(here: Here, names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    found = (
        Variant.objects.filter(round__campaign__workspace=here.workspace, template_name__in=names)
        .values("template_name")
        .annotate(campaigns=Count("round__campaign", distinct=True))
    )
    return {row["template_name"]: row["campaigns"] for row in found}


def _why_not(template: Template) -> str:
    sentence = STATUS_SENTENCES.get(template.status)
    if template.status == "APPROVED" or sentence is None:
        return ""
    told = _(sentence)
    return told[:1].upper() + told[1:]


def _contact(here: Here, asked: str) -> Contact | None:
    everybody = contacts(here.workspace.pk)
    return (everybody.filter(pk=_id(asked)).first() if asked else None) or everybody.first()


def _people(here: Here, asked: str) -> Sequence[Contact]:
    found = search(asked, workspace_id=here.workspace.pk, country=here.workspace.country)
    return list(found[:_FOUND_PEOPLE])


def _neighbours(here: Here, contact: Contact | None) -> dict[str, int | None]:
    if contact is None:
        return {}
    everybody = contacts(here.workspace.pk).values_list("id", flat=True)
    return {
        "newer": everybody.filter(pk__gt=contact.pk).order_by("id").first(),
        "older": everybody.filter(pk__lt=contact.pk).first(),
    }


def _shown(
    template: Template, values: Mapping[str, str], contact: Contact | None
) -> tuple[Bubble, list[Mapped], str]:
    """Give the bubble, filled by the last campaign's merge fields; before there was one, by what the names ask for."""
    try:
        found = placeholders(
            template.components, parameter_format=template.parameter_format, category=template.category
        )
    except UnsupportedError as error:
        return bubble_of(template, {}, None), [], str(error)
    mapped = [Mapped(placeholder, values.get(placeholder.key, "")) for placeholder in found]
    if contact is None:
        return bubble_with(template, template_form.examples_of(template)), mapped, ""
    filled = {one.placeholder.key: one.value or _guessed(one.placeholder, contact) for one in mapped}
    return bubble_of(template, {key: value for key, value in filled.items() if value}, contact), mapped, ""


def _guessed(placeholder: Placeholder, contact: Contact) -> str:
    """Give the merge field that a placeholder's name asks for, else what Meta was shown, as text."""
    example = placeholder.example.replace("{", "").replace("}", "").replace('"', "'").replace("%", "")
    default = f' | default: "{example}"' if example else ""
    if placeholder.name in CONTACT_FIELDS:
        return f"{{{{ contact.{placeholder.name}{default} }}}}"
    if placeholder.name in contact.fields:
        return f"{{{{ contact.fields.{placeholder.name}{default} }}}}"
    return example


def _move(change: TemplateChange) -> Move:
    words = {
        "status": STATUS_WORDS,
        "quality": QUALITY_WORDS,
        "category": CATEGORY_WORDS,
        "category_notice": CATEGORY_WORDS,
    }[change.kind]
    return Move(
        str(CHANGE_WORDS[change.kind]),
        str(words.get(change.old, change.old.lower())),
        str(words.get(change.new, change.new.lower())),
        reason_sentence(change.reason),
        change,
    )


def _prices(template: Template, here: Here) -> dict[str, object]:
    card = card_on(workspace_id=here.workspace.pk, on=clock.now().date())
    if card is None:
        return {}
    rates = Rate.objects.filter(card=card, category=template.category).order_by("country")
    found = sorted(rates, key=lambda rate: (rate.country != here.workspace.country, rate.country))
    return {
        "card": card,
        "prices": [(rate.country, rate.price_micros / MICROS) for rate in found[:_COUNTRIES]],
    }
