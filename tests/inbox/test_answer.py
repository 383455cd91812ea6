"""A member answers within the service window, or notes that nobody needs to."""

from datetime import timedelta
from uuid import uuid4

import pytest

from difusio.accounts.models import AuditEntry
from difusio.inbox.answer import Answered, answer, need_no_answer
from difusio.inbox.errors import NobodyWrote, NothingToSay, NumberIsStopped, TooLong, WindowClosed
from difusio.inbox.models import Conversation, Message
from difusio.inbox.transcript import transcript
from difusio.numbers.models import Number
from difusio.outbox.claim import Intent, claim, close_finished, intend, open_batches
from difusio.outbox.models import Batch, Delivery, Lane
from difusio.outbox.record import Outcome, record
from difusio.outbox.reply import text_of
from difusio.sending.rendering import Renderer
from tests.cast import NOON, Shop, agreed, person, shop
from tests.inbox.test_receive import LATER, write
from tests.outbox.steps import accepted, batch, claimed, frozen, hold

pytestmark = pytest.mark.django_db

SOON = LATER + timedelta(hours=2)
NEXT_DAY = LATER + timedelta(hours=24)


def reply_to(of: Shop, contact_id: int, text: str = "Fins a les nou.", **facts: object) -> Answered:
    told = {"text": text, "seen": _last(), "once": uuid4(), "by": "user 1", "at": SOON, **facts}
    return answer(contact_id, workspace_id=of.workspace.pk, **told)  # type: ignore[arg-type]  # the tests name the fields


def _last() -> int:
    return Message.objects.order_by("-id").values_list("id", flat=True).first() or 0


def it_lets_whoever_writes_wait_since_their_first_unanswered_words() -> None:
    ona = shop()
    contact = write(ona, "A quina hora tanqueu?", at=LATER).contact_id

    write(ona, "Hi sou?", at=SOON)

    assert Conversation.objects.get().waiting_since == NOON
    reply_to(ona, contact)
    assert Conversation.objects.get().waiting_since is None


@pytest.mark.parametrize(("kind", "text"), [("text", "STOP"), ("reaction", "👍")])
def it_lets_nobody_wait_who_left_or_only_reacted(kind: str, text: str) -> None:
    ona = shop()

    write(ona, text, kind=kind)

    assert Conversation.objects.get().waiting_since is None


def it_sends_the_answer_first_of_all_and_keeps_its_words_sealed() -> None:
    ona = shop()
    contact = write(ona, "A quina hora tanqueu?").contact_id

    answered = reply_to(ona, contact, "  Fins a les nou.\r\nUs esperem.  ")

    assert answered.delivery_id
    stored = Delivery.objects.get(pk=answered.delivery_id)
    assert (stored.contact_id, stored.batch.lane, stored.window_closes_at) == (contact, Lane.REPLY, NEXT_DAY)
    assert "nou" not in str(stored.batch.message)
    (waiting,) = open_batches(ona.number.pk, at=SOON)
    (ready,) = claim(waiting, hold(ona), limit=10, at=SOON).claimed
    request = Renderer.of(waiting).ready(ready, uuid4())
    assert not isinstance(request, str)
    assert "Fins a les nou.\\nUs esperem." in request.body.decode()
    assert AuditEntry.objects.get().details == {"contact": contact, "delivery": stored.pk}


def it_sends_nothing_once_the_window_is_closed_not_even_what_was_queued_before() -> None:
    ona = shop()
    contact = write(ona, "A quina hora tanqueu?").contact_id

    with pytest.raises(WindowClosed):
        reply_to(ona, contact, at=NEXT_DAY)

    reply_to(ona, contact)
    (waiting,) = open_batches(ona.number.pk, at=NEXT_DAY)
    assert claim(waiting, hold(ona), limit=10, at=NEXT_DAY).claimed == []
    assert Delivery.objects.values_list("state", "reason").get() == ("skipped", "window_closed")


@pytest.mark.parametrize(
    ("text", "error"), [("", NothingToSay), (" \n ", NothingToSay), ("a" * 4_097, TooLong)]
)
def it_refuses_what_whatsapp_would_not_take(text: str, error: type[Exception]) -> None:
    ona = shop()
    contact = write(ona, "Hola").contact_id

    with pytest.raises(error):
        reply_to(ona, contact, text)

    assert not Delivery.objects.exists()
    reply_to(ona, contact, "a" * 4_096)


def it_says_so_when_nothing_may_leave_from_the_number() -> None:
    ona = shop()
    contact = write(ona, "Hola").contact_id
    Number.objects.update(stopped_for="190")

    with pytest.raises(NumberIsStopped):
        reply_to(ona, contact)


def it_answers_only_who_wrote_and_only_in_their_own_workspace() -> None:
    ona, other = shop(), shop()
    contact = write(ona, "Hola").contact_id

    with pytest.raises(NobodyWrote):
        reply_to(other, contact)
    with pytest.raises(NobodyWrote):
        reply_to(ona, person(ona, "Chen").pk)


def it_answers_once_however_often_the_form_is_sent() -> None:
    ona = shop()
    contact = write(ona, "Hola").contact_id
    once = uuid4()

    first = reply_to(ona, contact, once=once)
    again = reply_to(ona, contact, once=once)

    assert (first.delivery_id is None, again) == (False, Answered(None))
    assert Delivery.objects.count() == 1


def it_lets_them_wait_for_what_came_while_the_answer_was_written() -> None:
    ona = shop()
    contact = write(ona, "A quina hora tanqueu?", at=LATER).contact_id
    seen = _last()
    write(ona, "I diumenge?", at=SOON)
    Message.objects.filter(pk=_last()).update(at=SOON)

    reply_to(ona, contact, seen=seen)

    assert Conversation.objects.get().waiting_since == SOON


def it_notes_that_somebody_needs_no_answer() -> None:
    ona = shop()
    contact = write(ona, "Gràcies!").contact_id

    for _ in range(2):
        need_no_answer(contact, workspace_id=ona.workspace.pk, seen=_last(), by="user 1", at=SOON)

    assert Conversation.objects.get().waiting_since is None
    assert AuditEntry.objects.values_list("act", flat=True).get() == "conversation.done"


def it_closes_an_answered_batch_so_that_the_sender_need_not_look_at_it_for_ever() -> None:
    ona = shop()
    reply_to(ona, write(ona, "Hola").contact_id)

    close_finished(before=SOON + timedelta(hours=1))
    assert Batch.objects.get().is_open
    accepted(ona, hold(ona), at=SOON)
    close_finished(before=SOON + timedelta(hours=1))

    assert not Batch.objects.get().is_open


def it_tells_both_sides_in_order_with_what_was_filled_in() -> None:
    ona = shop()
    contact = write(ona, "Hola").contact_id
    reply_to(ona, contact)
    lines = transcript(contact).lines

    assert [(line.is_ours, line.text, line.state) for line in lines] == [
        (False, "Hola", ""),
        (True, "Fins a les nou.", "queued"),
    ]
    assert transcript(contact, before=lines[1].at).lines == lines[:1]
    assert transcript(contact, limit=1).has_older
    assert text_of({"text": "Fet"}) == "Fet"


def it_shows_a_campaigns_message_as_the_person_got_it() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    frozen(ona, batch(ona))
    by = hold(ona)
    (item,) = claimed(ona, by)
    token = uuid4()
    content = b'{"template":"autumn","language":"ca","values":{"first_name":"Asha"}}'
    intend([Intent(item.delivery_id, token, content)], [by], deadline_s=10.0, at=NOON)
    assert transcript(asha.pk).lines == []

    record([Outcome(token, "accepted", wamid="wamid.1")], at=NOON)

    (line,) = transcript(asha.pk).lines
    assert line.preview is not None
    assert (line.kind, line.preview.body) == ("template", "Bon dia, Asha. Respon BAIXA per no rebre'n més.")
