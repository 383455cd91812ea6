"""Take in what a person wrote: who it is, what it answers, whether they leave."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from difusio.cloud_api.news import InboundMessage, Preference
from difusio.common.keyring import keyring
from difusio.consent.leave import follow
from difusio.contacts.identities import Writer, ensure, ensure_all
from difusio.contacts.models import Contact
from difusio.inbox.leaving import left_at_meta, left_by_message
from difusio.inbox.models import Message
from difusio.inbox.waiting import NO_ANSWER, note
from difusio.numbers.models import Number
from difusio.outbox.leaving import Answered, Mark, Wrote, answered, mark_answered, open_windows
from difusio.outbox.record import WAMID
from difusio.rules.leaving_words import Leaving, classify

TEXT = "inbox.text"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message and the number that it came to.  at: when it came in."""

    message: InboundMessage
    number: Number
    at: datetime


@dataclass(frozen=True, slots=True)
class Received:
    """is_new: False for a repetition of Meta's, which changes nothing."""

    contact_id: int
    is_new: bool
    is_leaving: bool


@dataclass(frozen=True, slots=True)
class _New:
    """A message that was not known, with its writer."""

    wamid_hash: bytes
    arrived: Arrived
    contact_id: int


def receive(arrived: Sequence[Arrived]) -> list[Received]:
    """Take messages in, in one transaction: contact, service window, answer, leaving with its confirmation.

    Gives what became of each; in the order given, so that of one person's messages the last one counts.  Repeating the
    call with the same messages changes nothing.  Cost: 8 queries for people whom we know and who write once, and some
    for each who leaves.
    """
    keys = keyring()
    hashes = [keys.hash(one.message.wamid, kind="wamid") for one in arrived]
    with transaction.atomic(savepoint=False):
        known = Message.objects.filter(wamid_hash__in=hashes)
        received = {
            bytes(hash_): Received(contact_id, is_new=False, is_leaving=is_leaving)
            for hash_, contact_id, is_leaving in known.values_list("wamid_hash", "contact_id", "is_leaving")
        }
        new: dict[bytes, Arrived] = {}
        for hash_, one in zip(hashes, arrived, strict=True):
            if hash_ not in received:
                new.setdefault(hash_, one)
        for lot in _each_person_once(_with_writers(new)):
            received |= _take_in(lot)
    told = []
    for hash_ in hashes:
        told.append(received[hash_])
        # Meta may repeat itself within one webhook.
        received[hash_] = replace(received[hash_], is_new=False)
    return told


def _with_writers(new: Mapping[bytes, Arrived]) -> list[_New]:
    """Find or make the contacts who wrote."""
    of_workspace: dict[int, list[bytes]] = {}
    for hash_, one in new.items():
        of_workspace.setdefault(one.number.workspace_id, []).append(hash_)
    contacts: dict[bytes, int] = {}
    for workspace_id, hashes in of_workspace.items():
        writers = [_writer(new[hash_]) for hash_ in hashes]
        contacts.update(zip(hashes, ensure_all(workspace_id, writers), strict=True))
    return [_New(hash_, one, contacts[hash_]) for hash_, one in new.items()]


def _writer(one: Arrived) -> Writer:
    message = one.message
    return Writer(message.from_phone, message.from_user_id, message.profile_name or "", one.at)


def _each_person_once(new: Iterable[_New]) -> list[list[_New]]:
    """Part messages so that each lot has one of each person, their first in the first."""
    lots: list[list[_New]] = []
    had: Counter[int] = Counter()
    for one in new:
        if had[one.contact_id] == len(lots):
            lots.append([])
        lots[had[one.contact_id]].append(one)
        had[one.contact_id] += 1
    return lots


def _take_in(lot: Sequence[_New]) -> dict[bytes, Received]:
    """Take in messages of different people."""
    contact_ids = [one.contact_id for one in lot]
    follow({one.contact_id: one.arrived.at for one in lot})
    languages = dict(Contact.objects.filter(pk__in=contact_ids).values_list("id", "language"))
    leaving = {
        one.contact_id: word
        for one in lot
        if (word := _leaving_word(one.arrived.message, languages[one.contact_id])) is not None
    }
    wrote = [_wrote(one) for one in lot]
    closing = open_windows(wrote)
    # Before anything else of the outbox is locked: a leaving waits for the ledger, and whoever writes that may wait for
    # what we had locked.
    left_now = {
        one.contact_id
        for one in lot
        if one.contact_id in leaving
        and _let_go(one, leaving[one.contact_id], closes_at=closing[one.contact_id])
    }
    answers = answered(wrote)
    _keep(lot, leaving, answers)
    # A leaving word has its confirmation, and nobody expects words for a thumb.
    wanting = [one for one in lot if one.arrived.message.kind not in NO_ANSWER]
    note(wrote, waiting={one.contact_id for one in wanting} - leaving.keys())
    mark_answered(
        [
            Mark(
                answers[one.contact_id],
                replied_at=None if one.contact_id in leaving else one.arrived.message.at,
                left_at=one.arrived.message.at if one.contact_id in left_now else None,
            )
            for one in lot
            if one.contact_id in answers
        ]
    )
    return {
        one.wamid_hash: Received(one.contact_id, is_new=True, is_leaving=one.contact_id in leaving)
        for one in lot
    }


def _leaving_word(message: InboundMessage, language: str) -> Leaving | None:
    # A reaction carries an emoji about a message, an order or a place none of our words.
    says = (message.text or "") if message.kind in {"text", "button", "interactive"} else ""
    return classify(says, language) or classify(message.payload or "", language)


def _wrote(one: _New) -> Wrote:
    message, number = one.arrived.message, one.arrived.number
    quoted = message.context_wamid
    return Wrote(
        workspace_id=number.workspace_id,
        contact_id=one.contact_id,
        number_id=number.pk,
        written_from=_written_from(message.from_phone, message.from_user_id),
        quoted=keyring().hash(quoted, kind="wamid") if quoted else None,
        at=message.at,
        heard_at=one.arrived.at,
    )


def _written_from(phone: str | None, user_id: str | None) -> bytes:
    if phone:
        return keyring().hash(phone, kind="phone")
    return keyring().hash(user_id or "", kind="bsuid")


def _keep(lot: Sequence[_New], leaving: Container[int], answers: Mapping[int, Answered]) -> None:
    seal = keyring().seal
    Message.objects.bulk_create(
        Message(
            workspace_id=one.arrived.number.workspace_id,
            contact_id=one.contact_id,
            number=one.arrived.number,
            wamid_hash=one.wamid_hash,
            wamid_sealed=seal(one.arrived.message.wamid.encode(), purpose=WAMID),
            kind=one.arrived.message.kind[:32],
            text_sealed=seal(_text(one.arrived.message), purpose=TEXT),
            is_leaving=one.contact_id in leaving,
            answers_id=answers[one.contact_id].delivery_id if one.contact_id in answers else None,
            at=one.arrived.message.at,
            received_at=one.arrived.at,
        )
        for one in lot
    )


def _text(message: InboundMessage) -> bytes:
    return (message.text or "").encode("utf-8", "replace")


def _let_go(one: _New, word: Leaving, *, closes_at: datetime) -> bool:
    """Withdraw a person who wrote a leaving word; say whether they had not left before."""
    message, number = one.arrived.message, one.arrived.number
    return left_by_message(
        one.contact_id,
        workspace_id=number.workspace_id,
        number_id=number.pk,
        proof=f"message {message.wamid}: ".encode("utf-8", "replace") + _text(message),
        kind=word.kind,
        window_closes_at=closes_at,
        written_at=message.at,
        at=one.arrived.at,
    ).is_new


def prefer(preference: Preference, *, number: Number, at: datetime) -> None:
    """Follow WhatsApp's own switch.  ``stop`` is a withdrawal; ``resume`` never overrides a stop given elsewhere.

    A sign-up link is a grant only with its wording on file, which comes with the links themselves.
    """
    if preference.kind != "stop":
        return
    with transaction.atomic(savepoint=False):
        contact_id = ensure(
            number.workspace_id,
            phone=preference.phone,
            user_id=preference.user_id,
            profile_name=preference.profile_name or "",
            at=at,
        )
        left = left_at_meta(contact_id, workspace_id=number.workspace_id, at=at, written_at=preference.at)
        if left.is_new:
            wrote = Wrote(
                workspace_id=number.workspace_id,
                contact_id=contact_id,
                number_id=number.pk,
                written_from=_written_from(preference.phone, preference.user_id),
                quoted=None,
                at=preference.at,
                heard_at=at,
            )
            found = answered([wrote]).values()
            mark_answered([Mark(one, replied_at=None, left_at=preference.at) for one in found])
