"""Conversations: who waits for us, the longest first; and one of them, read and answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign
from difusio.common import clock
from difusio.common.keyring import keyring
from difusio.consent.models import Standing
from difusio.console.forms import AnswerForm, DoneForm
from difusio.console.gates import ConsoleRequest, Here, conversation_for, enter
from difusio.console.talk import kind_word, said
from difusio.contacts.identities import opened
from difusio.contacts.models import Contact, Identity
from difusio.contacts.search import search
from difusio.inbox.answer import answer as answer_contact
from difusio.inbox.answer import closing, need_no_answer
from difusio.inbox.errors import InboxError
from difusio.inbox.models import Conversation, Message
from difusio.inbox.receive import TEXT
from difusio.inbox.transcript import transcript
from difusio.outbox.models import ServiceWindow

PAGE_SIZE: Final = 30
# So often an open page asks for what is new.
LIST_EVERY_S: Final = 10
CHAT_EVERY_S: Final = 4
# From here on the time that is left is told with its shape.
_SOON: Final = timedelta(hours=2)
_EXCERPT_CHARACTERS: Final = 120


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation of the list.  waits, left: None when nobody waits, when the window is closed."""

    conversation: Conversation
    excerpt: str
    waits: timedelta | None
    left: timedelta | None

    @property
    def is_soon_over(self) -> bool:
        """The window closes soon, and they still wait."""
        return self.waits is not None and self.left is not None and self.left < _SOON


@require_safe
def index(request: ConsoleRequest) -> HttpResponse:
    """Answer "Who waits for us?": the whole page, or its list alone for a page that asks again."""
    here = enter(request, Right.SEE_TALKS)
    everybody = request.GET.get("show") == "all"
    sought = request.GET.get("q", "").strip()[:80].replace("\0", "")
    found = _after(_conversations(here, everybody), request.GET.get("after", ""), everybody)
    found = _named(here, found, sought)
    conversations = list(found[: PAGE_SIZE + 1])
    shown = conversations[:PAGE_SIZE]
    kept = {key: value for key, value in (("show", "all" if everybody else ""), ("q", sought)) if value}
    told = {
        "rows": _rows(shown),
        "everybody": everybody,
        "q": sought,
        "address": f"?{urlencode(kept)}",
        "more": _cursor(shown[-1], everybody) if len(conversations) > PAGE_SIZE else "",
        "is_first_page": "after" not in request.GET,
        "waiting": here.waiting,
        "is_news": request.GET.get("seen") not in {None, str(here.waiting)},
        "every_s": LIST_EVERY_S,
    }
    page = "console/conversations/_list.html" if request.htmx else "console/conversations/index.html"
    return render(request, page, told)


def _conversations(here: Here, everybody: bool) -> QuerySet[Conversation]:  # noqa: FBT001  # a tab, not an option
    found = Conversation.objects.filter(workspace=here.workspace).select_related("contact")
    if everybody:
        return found.order_by("-last_wrote_at", "-id")
    return found.filter(waiting_since__isnull=False).order_by("waiting_since", "id")


def _named(here: Here, found: QuerySet[Conversation], sought: str) -> QuerySet[Conversation]:
    """Keep those of the people whom the words may mean, as the list of contacts does.  Cost: 1 query for a word."""
    if not sought:
        return found
    people = search(sought, workspace_id=here.workspace.pk, country=here.workspace.country)
    return found.filter(contact__in=people.order_by().values("pk"))


def _after(found: QuerySet[Conversation], cursor: str, everybody: bool) -> QuerySet[Conversation]:  # noqa: FBT001  # as above
    """Go on behind a row, whatever came meanwhile; an address from outside that names none begins anew."""
    moment, _, last = cursor.partition("_")
    if not (moment.isascii() and moment.isdigit() and last.isascii() and last.isdigit()):
        return found
    if len(moment) > len("9" * 16) or len(last) >= len(str(2**63)):
        return found
    at = datetime.fromtimestamp(0, tz=clock.now().tzinfo) + timedelta(microseconds=int(moment))
    if everybody:
        return found.filter(Q(last_wrote_at__lt=at) | Q(last_wrote_at=at, pk__lt=int(last)))
    return found.filter(Q(waiting_since__gt=at) | Q(waiting_since=at, pk__gt=int(last)))


def _cursor(conversation: Conversation, everybody: bool) -> str:  # noqa: FBT001  # as above
    at = conversation.last_wrote_at if everybody else conversation.waiting_since
    since = at - datetime.fromtimestamp(0, tz=at.tzinfo) if at else timedelta()
    return f"{since // timedelta(microseconds=1)}_{conversation.pk}"


def _rows(conversations: Sequence[Conversation]) -> list[Row]:
    """Tell each one's last words and what is left of its window.  Cost: 2 queries, none for no row."""
    if not conversations:
        return []
    now = clock.now()
    contacts = [one.contact_id for one in conversations]
    last = {
        message.contact_id: message
        for message in Message.objects.filter(contact__in=contacts)
        .order_by("contact_id", "-id")
        .distinct("contact_id")
    }
    closes = {
        (window.contact_id, window.number_id): window.closes_at
        for window in ServiceWindow.objects.filter(contact__in=contacts)
    }
    rows = []
    for one in conversations:
        message = last.get(one.contact_id)
        closes_at = closes.get((one.contact_id, one.number_id))
        rows.append(
            Row(
                conversation=one,
                excerpt=_excerpt(message),
                waits=now - one.waiting_since if one.waiting_since else None,
                left=closes_at - now if closes_at and closes_at > now else None,
            )
        )
    return rows


def _excerpt(message: Message | None) -> str:
    if message is None:
        return ""
    text = keyring().open(message.text_sealed, purpose=TEXT).decode()
    text = " ".join(f"{kind_word(message.kind)} {text}".split())
    return text if len(text) <= _EXCERPT_CHARACTERS else f"{text[: _EXCERPT_CHARACTERS - 1]}…"


@require_safe
def show(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Show what both sides wrote: the whole page, or the chat alone for a page that asks again."""
    here = enter(request, Right.SEE_TALKS)
    contact = conversation_for(here, contact_id)
    if request.htmx:
        return render(
            request,
            "console/conversations/_chat.html",
            _news(request, _chat(here, contact, _moment(request))),
        )
    return render(request, "console/conversations/show.html", _page(here, contact, _moment(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Send an answer; when it cannot be sent, show why and keep the words.

    Whoever asks for that page anew, in another language say, reads the conversation.
    """
    here = enter(request, Right.ANSWER)
    contact = conversation_for(here, contact_id)
    if request.method != "POST":
        return redirect("conversation", contact.pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            answer_contact(
                contact.pk, workspace_id=here.workspace.pk, by=str(here.user), at=clock.now(), **form.answer()
            )
        except InboxError as error:
            form.add_error(None, gettext(str(error)))
        else:
            return redirect("conversation", contact.pk)
    return render(request, "console/conversations/show.html", _page(here, contact, None, form))


@require_POST
def done(request: ConsoleRequest, contact_id: int) -> HttpResponse:
    """Note that they need no answer, and go to who waits next."""
    here = enter(request, Right.ANSWER)
    contact = conversation_for(here, contact_id)
    form = DoneForm(request.POST)
    if form.is_valid() and _talk(contact) is not None:
        need_no_answer(
            contact.pk,
            workspace_id=here.workspace.pk,
            seen=form.cleaned_data["seen"],
            by=str(here.user),
            at=clock.now(),
        )
    return redirect("conversations")


def _moment(request: ConsoleRequest) -> datetime | None:
    """Read before which moment one looks back; anything else is the present."""
    try:
        before = datetime.fromisoformat(request.GET.get("before", ""))
    except ValueError:
        return None
    return before if before.tzinfo else None


def _talk(contact: Contact) -> Conversation | None:
    found: Conversation | None = getattr(contact, "conversation", None)
    return found


def _chat(here: Here, contact: Contact, before: datetime | None) -> dict[str, Any]:
    """Tell what the moving part shows.  Cost: 4 queries."""
    talk = _talk(contact)
    found = transcript(contact.pk, before=before)
    closes_at = closing(talk) if talk else None
    now = clock.now()
    return {
        "contact": contact,
        "talk": talk,
        "said": list(said(found)),
        "last_id": found.last_id,
        "older": found.lines[0].at.isoformat() if found.has_older else "",
        "is_past": before is not None,
        "left": closes_at - now if closes_at and closes_at > now else None,
        "closes_at": closes_at,
        "waits": now - talk.waiting_since if talk and talk.waiting_since else None,
        "may_answer": here.may(Right.ANSWER),
        "every_s": CHAT_EVERY_S,
    }


def _news(request: ConsoleRequest, chat: dict[str, Any]) -> dict[str, Any]:
    """Add the form for an answer where the window was opened or closed since: else what somebody types stays."""
    is_open = chat["left"] is not None
    if request.GET.get("open") != str(int(not is_open)):
        return chat
    return {**chat, "is_turned": True, "form": AnswerForm(), "once": uuid4()}


def _page(
    here: Here, contact: Contact, before: datetime | None, form: AnswerForm | None = None
) -> Mapping[str, Any]:
    """Add what stands beside the chat.  Cost: 4 queries more."""
    identities = list(
        Identity.objects.filter(contact=contact, kind="phone")
        .order_by("id")
        .values_list("kind", "value_sealed")
    )
    return {
        **_chat(here, contact, before),
        "form": form or AnswerForm(initial={"once": uuid4()}),
        "once": uuid4(),
        "phone": opened(*zip(*identities, strict=True)).get("phone", "") if identities else "",
        "standings": Standing.objects.filter(contact=contact)
        .select_related("topic")
        .order_by("topic__name", "id"),
        "campaign": Campaign.objects.filter(
            rounds__batches__batch__deliveries__contact=contact,
            rounds__batches__batch__deliveries__accepted_at__isnull=False,
        )
        .order_by("-rounds__batches__batch__deliveries__accepted_at", "-id")
        .first(),
        "next": Conversation.objects.filter(workspace=here.workspace, waiting_since__isnull=False)
        .exclude(contact=contact)
        .order_by("waiting_since", "id")
        .values_list("contact_id", flat=True)
        .first(),
    }
