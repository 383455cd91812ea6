"""The contacts: who they are and whether we may write to them; one person, added, corrected, let go."""

from typing import Any, Final, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from difusio.accounts.rights import Right
from difusio.common import clock
from difusio.common.keyring import keyring
from difusio.consent.answers import answers
from difusio.consent.grant import GrantError
from difusio.consent.models import Topic
from difusio.console.forms import LANGUAGES
from difusio.console.gates import ConsoleRequest, Here, enter
from difusio.console.people_forms import ConsentForm, EditForm, LeaveForm, NewContactForm
from difusio.console.people_gates import contact_for
from difusio.contacts.add import ContactError, KnownAlreadyError
from difusio.contacts.edit import edit as edit_contact
from difusio.contacts.identities import PURPOSE
from difusio.contacts.models import Contact, Identity
from difusio.imports.by_hand import bring, record_agreed
from difusio.inbox.leaving import left_by_member
from difusio.reports.people import Said, people
from difusio.reports.timeline import Place, timeline

_SAID: Final = ("agreed", "left")
_MAX_ID_DIGITS: Final = 18


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "Who are our people?": newest first, searched and filtered."""
    here = enter(request, Right.SEE_PEOPLE)
    topics = list(Topic.objects.filter(workspace=here.workspace).order_by("name", "id"))
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "language", "topic", "said")}
    topic = next((one for one in topics if str(one.pk) == asked["topic"]), None)
    if asked["topic"] and topic is None:
        raise Http404
    said = asked["said"] if asked["said"] in _SAID else ""
    if topic is not None:
        # A topic without a word about it asks for those who agreed.
        said = said or "agreed"
    page = people(
        here.workspace,
        text=asked["q"],
        language=asked["language"],
        topic_id=topic.pk if topic else None,
        said=cast("Said", said),
        before=_number(request.GET.get("before", "")),
    )
    chosen = {name: value for name, value in asked.items() if value}
    return render(
        request,
        "console/contacts/list.html",
        {
            "page": page,
            "asked": {**asked, "said": said},
            "lacks_topic": bool(said) and topic is None,
            "is_filtered": bool(chosen),
            "is_first_page": not request.GET.get("before"),
            "address": f"?{urlencode(chosen)}&" if chosen else "?",
            "languages": LANGUAGES,
            "topics": topics,
            "may_bring": here.may(Right.BRING_PEOPLE),
        },
    )


@require_safe
def show(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Answer "Who is this, may we write?"."""
    here = enter(request, Right.SEE_PEOPLE)
    contact = contact_for(here, contact_id)
    before = Place.read(request.GET.get("before", ""))
    return render(
        request,
        "console/contacts/show.html",
        {
            "contact": contact,
            "name": name_of(contact),
            "identities": _identities(contact),
            "answers": answers(contact.pk, workspace_id=here.workspace.pk, at=clock.now()),
            "timeline": timeline(contact.pk, before=before, with_texts=here.may(Right.SEE_TALKS)),
            "is_first_page": before is None,
            "address": f"{reverse('contact', args=[contact.pk])}?",
            "may_edit": here.may(Right.BRING_PEOPLE),
            "may_record": here.may(Right.RECORD_CONSENT),
            "may_prove": here.may(Right.PROVE),
            "may_talk": here.may(Right.SEE_TALKS),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ConsoleRequest) -> HttpResponse:
    """Bring one person in by hand, with what they agreed to."""
    here = enter(request, Right.BRING_PEOPLE)
    form = NewContactForm(request.POST or None, initial={"language": here.workspace.language})
    agreed = "agreed" in request.POST
    consent = ConsentForm(request.POST if agreed else None, workspace=here.workspace)
    known_url = ""
    if request.method == "POST" and form.is_valid() and (not agreed or consent.is_valid()):
        try:
            contact_id = bring(
                here.workspace,
                phone=form.cleaned_data["phone"],
                email=form.cleaned_data["email"],
                customer=form.cleaned_data["customer"],
                details=form.details(),
                agreed=consent.agreed() if agreed else None,
                by=str(request.user),
                at=clock.now(),
            )
        except KnownAlreadyError as error:
            form.add_error(None, gettext(str(error)))
            known_url = reverse("contact", args=[error.contact_id])
        except ContactError as error:
            form.add_error(None, gettext(str(error)))
        except GrantError as error:
            consent.add_error(None, gettext(str(error)))
        else:
            return redirect("contact", contact_id)
    shown = {"form": form, "consent": consent, "agreed": agreed, "known_url": known_url}
    return render(request, "console/contacts/new.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Correct what is known of a person."""
    contact = contact_for(enter(request, Right.BRING_PEOPLE), contact_id)
    form = EditForm(request.POST or None, contact=contact)
    if request.method == "POST" and form.is_valid():
        edit_contact(contact.pk, changes=form.changes(), by=str(request.user), at=clock.now())
        return redirect("contact", contact.pk)
    return render(
        request, "console/contacts/edit.html", {"contact": contact, "name": name_of(contact), "form": form}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Write down that a person agreed."""
    here = enter(request, Right.RECORD_CONSENT)
    contact = contact_for(here, contact_id)
    form = ConsentForm(request.POST or None, workspace=here.workspace)
    if request.method == "POST" and form.is_valid():
        try:
            record_agreed(
                contact.pk,
                workspace_id=here.workspace.pk,
                agreed=form.agreed(),
                by=str(request.user),
                at=clock.now(),
            )
        except GrantError as error:
            form.add_error(None, gettext(str(error)))
        else:
            return redirect("contact", contact.pk)
    shown = {"contact": contact, "name": name_of(contact), "form": form, "has_left": _has_left(here, contact)}
    return render(request, "console/contacts/consent.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Let a person go who told us so: at once, from one topic or from all marketing."""
    here = enter(request, Right.RECORD_CONSENT)
    contact = contact_for(here, contact_id)
    topics = Topic.objects.filter(workspace=here.workspace).order_by("name", "id").values_list("id", "name")
    form = LeaveForm(request.POST or None, topics=list(topics))
    if request.method == "POST" and form.is_valid():
        left = left_by_member(
            contact.pk,
            workspace_id=here.workspace.pk,
            topic_id=form.topic_id(),
            reason=form.cleaned_data["reason"],
            by=str(request.user),
            at=clock.now(),
        )
        if not left.is_new:
            messages.info(request, gettext("They had left before: nothing changed."))
        return redirect("contact", contact.pk)
    return render(
        request, "console/contacts/leave.html", {"contact": contact, "name": name_of(contact), "form": form}
    )


def name_of(contact: Contact) -> str:
    """Give what a person is called; who has no name has a number."""
    return f"{contact.first_name} {contact.last_name}".strip() or gettext("Contact %(id)s") % {
        "id": contact.pk
    }


def _identities(contact: Contact) -> list[tuple[str, str]]:
    keys = keyring()
    words = {
        "phone": gettext("Phone"),
        "bsuid": gettext("WhatsApp user id"),
        "email": gettext("E-mail address"),
        "customer": gettext("Customer number"),
    }
    rows = (
        Identity.objects.filter(contact=contact).order_by("-kind", "-id").values_list("kind", "value_sealed")
    )
    return [(words[kind], keys.open(sealed, purpose=PURPOSE).decode()) for kind, sealed in rows]


def _has_left(here: Here, contact: Contact) -> bool:
    found: Any = answers(contact.pk, workspace_id=here.workspace.pk, at=clock.now())
    return any(one.is_suppressed for one in found)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MAX_ID_DIGITS else None
