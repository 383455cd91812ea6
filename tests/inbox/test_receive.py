"""What a person writes becomes a contact, a service window, an answer, or a leaving."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from difusio.cloud_api.news import IdentityChange, InboundMessage, Preference
from difusio.common.keyring import keyring
from difusio.consent.models import Act, Entry, Standing, Suppression
from difusio.contacts.identities import find, new_identity
from difusio.contacts.models import Contact, Identity, IdentityKind
from difusio.inbox.follow import follow
from difusio.inbox.models import Conversation, Message
from difusio.inbox.receive import Arrived, Received, prefer, receive
from difusio.outbox.claim import claim, open_batches
from difusio.outbox.models import Delivery, ServiceWindow
from tests.cast import NOON, Shop, agreed, identity, person, say, shop
from tests.outbox.steps import accepted, batch, claimed, frozen, hold, states, tallies
from tests.size import sized

pytestmark = pytest.mark.django_db

PHONE = "+34600111222"
NEW_PHONE = "+34600333444"
USER_ID = "ES.13491208655302741918"
LATER = NOON + timedelta(minutes=1)

_serial = count(1)


def message(text: str | None = "Hola", **facts: object) -> InboundMessage:
    told = InboundMessage(
        phone_number_id="n", waba_id="w", wamid=f"wamid.in{next(_serial)}", from_phone=PHONE, from_user_id=None,
        profile_name="Asha", at=NOON, kind="text", text=text,
    )  # fmt: skip
    return replace(told, **facts)  # type: ignore[arg-type]  # the tests name the fields


def write(of: Shop, text: str | None = "Hola", *, at: datetime = LATER, **facts: object) -> Received:
    return receive([Arrived(message(text, **facts), of.number, at)])[0]


def confirmations(of: Shop) -> list[str]:
    waiting = Delivery.objects.filter(workspace=of.workspace, confirms__isnull=False).select_related("batch")
    return [str(delivery.batch.message["text"]) for delivery in waiting.order_by("id")]


def it_makes_a_contact_of_an_unknown_writer_with_a_window_of_24_hours() -> None:
    ona = shop()

    received = write(ona, "Bon dia", from_user_id=USER_ID)

    assert received == Received(contact_id=Contact.objects.get().pk, is_new=True, is_leaving=False)
    assert Contact.objects.get().first_name == "Asha"
    assert sorted(Identity.objects.values_list("kind", flat=True)) == ["bsuid", "phone"]
    assert ServiceWindow.objects.get().closes_at == LATER + timedelta(hours=24)
    kept = Message.objects.get()
    assert keyring().open(kept.text_sealed, purpose="inbox.text") == b"Bon dia"


def it_changes_nothing_when_meta_repeats_a_message() -> None:
    ona = shop()
    first = message("STOP")
    receive([Arrived(first, ona.number, LATER)])

    (again,) = receive([Arrived(first, ona.number, LATER + timedelta(hours=1))])

    assert (again.is_new, again.is_leaving) == (False, True)
    assert Message.objects.count() == Contact.objects.count() == 1
    assert len(confirmations(ona)) == 1
    assert ServiceWindow.objects.get().closes_at == LATER + timedelta(hours=24)


def it_lengthens_the_window_with_each_message_and_never_shortens_it() -> None:
    ona = shop()
    write(ona, at=LATER)
    write(ona, at=LATER + timedelta(hours=2))
    write(ona, at=LATER + timedelta(hours=1))

    assert ServiceWindow.objects.get().closes_at == LATER + timedelta(hours=26)


def it_counts_a_reply_to_the_delivery_that_it_quotes_once() -> None:
    ona = shop()
    agreed(ona, phone=PHONE)
    into = batch(ona)
    frozen(ona, into)
    (token,) = accepted(ona, hold(ona)).values()

    write(ona, "Que bé!", context_wamid=f"wamid.{token.hex}")
    write(ona, "Gràcies")

    delivery = Delivery.objects.get()
    assert delivery.replied_at == NOON
    assert {kept.answers_id for kept in Message.objects.all()} == {delivery.pk}
    assert tallies(into)["replied"] == 1


@pytest.mark.parametrize(
    "word", ["BAIXA", "BAJA", "STOP", "stop!", "Dona'm de baixa", "No quiero más mensajes"]
)
def it_lets_people_go_by_a_word_in_three_languages(word: str) -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    into = batch(ona)
    frozen(ona, into)

    received = write(ona, word)

    assert (received.contact_id, received.is_leaving) == (asha.pk, True)
    assert Standing.objects.get(contact=asha, topic=ona.offers).may_write is False
    assert confirmations(ona) == [
        (
            "Fet: Botiga Ona no t'enviarà més promocions per WhatsApp. "
            "Els avisos de servei, com els d'una comanda teva, no canvien."
        )
    ]
    assert Delivery.objects.get(batch=into).reason == "left"


def it_lets_people_go_by_a_button_whose_payload_says_so() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)

    write(ona, "👋", kind="button", payload="STOP")

    assert Standing.objects.get(contact=asha).may_write is False


def it_does_not_take_a_reaction_for_a_word() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)

    received = write(ona, "🛑", kind="reaction")

    assert received.is_leaving is False
    assert Standing.objects.get(contact=asha).may_write is True
    assert Message.objects.get().kind == "reaction"


def it_confirms_a_leaving_once_however_often_it_is_said() -> None:
    ona = shop()
    agreed(ona, phone=PHONE)

    for _ in range(3):
        write(ona, "STOP")

    assert len(confirmations(ona)) == 1
    assert Entry.objects.filter(act=Act.WITHDRAWN).count() == 1


def it_records_an_objection_of_somebody_who_never_agreed() -> None:
    ona = shop()

    write(ona, "BAIXA")

    assert Entry.objects.get().act == Act.OBJECTED
    assert len(confirmations(ona)) == 1


def it_leaves_service_topics_alone_unless_everything_is_named() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    say(ona, asha, Act.GRANTED, topic=ona.alerts)

    write(ona, "STOP")
    assert Standing.objects.get(contact=asha, topic=ona.alerts).may_write is True

    write(ona, "STOP ALL")
    assert Standing.objects.get(contact=asha, topic=ona.alerts).may_write is False


def it_suppresses_the_phone_of_somebody_who_left_by_their_user_id() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    identity(asha, "bsuid", USER_ID, country="ES")

    write(ona, "STOP", from_phone=None, from_user_id=USER_ID)

    suppressed = {bytes(row) for row in Suppression.objects.values_list("hash", flat=True)}
    assert suppressed == {
        keyring().suppression_hash(PHONE, kind="phone"),
        keyring().suppression_hash(USER_ID, kind="bsuid"),
    }


def it_suppresses_a_phone_that_becomes_known_after_the_leaving() -> None:
    ona = shop()
    write(ona, "STOP", from_phone=None, from_user_id=USER_ID)

    write(ona, "Hola", from_phone=PHONE, from_user_id=USER_ID)

    assert _is_suppressed(ona, PHONE)


def it_skips_a_claimed_delivery_of_somebody_who_leaves() -> None:
    ona = shop()
    agreed(ona, phone=PHONE)
    frozen(ona, batch(ona))
    assert len(claimed(ona, hold(ona))) == 1

    write(ona, "BAJA")

    assert Delivery.objects.get(confirms=None).reason == "left"


def it_follows_metas_own_switch_without_a_word_of_ours() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    stop = Preference("n", "w", "stop", PHONE, None, NOON)

    prefer(stop, number=ona.number, at=LATER)
    prefer(stop, number=ona.number, at=LATER)
    prefer(replace(stop, kind="resume"), number=ona.number, at=LATER)

    assert Standing.objects.get(contact=asha).may_write is False
    assert Entry.objects.filter(act=Act.WITHDRAWN).count() == 1
    assert confirmations(ona) == []


def it_keeps_a_suppression_when_the_person_changes_their_number() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    write(ona, "STOP")

    assert follow(_changed(), workspace_id=ona.workspace.pk, at=LATER) == asha.pk

    assert find(ona.workspace.pk, [(IdentityKind.PHONE, NEW_PHONE)]) == {
        (IdentityKind.PHONE, NEW_PHONE): asha.pk
    }
    assert _is_suppressed(ona, NEW_PHONE)
    assert frozen(ona, batch(ona)).queued == 0


def it_writes_to_the_new_number_of_somebody_who_agreed() -> None:
    ona = shop()
    agreed(ona, phone=PHONE)
    frozen(ona, batch(ona))

    follow(_changed(), workspace_id=ona.workspace.pk, at=LATER)
    follow(_changed(), workspace_id=ona.workspace.pk, at=LATER)

    by = hold(ona)
    (item,) = [
        found
        for each in open_batches(ona.number.pk, at=LATER)
        for found in claim(each, by, limit=9, at=LATER).claimed
    ]
    assert item.address == NEW_PHONE
    assert Identity.objects.count() == 2


def it_joins_somebody_who_was_known_by_the_new_number_already_and_keeps_the_stricter() -> None:
    ona = shop()
    asha = agreed(ona, phone=PHONE)
    person(ona, "Asha again", phone=NEW_PHONE)
    write(ona, "STOP", from_phone=NEW_PHONE)

    follow(_changed(), workspace_id=ona.workspace.pk, at=LATER)

    assert set(Identity.objects.values_list("contact_id", flat=True)) == {asha.pk}
    assert _is_suppressed(ona, PHONE)
    frozen(ona, batch(ona))
    assert states(ona)["Asha"] == "skipped withdrawn"


def it_ignores_a_change_of_somebody_unknown_or_of_a_device() -> None:
    ona = shop()
    assert follow(_changed(), workspace_id=ona.workspace.pk, at=LATER) is None
    agreed(ona, phone=PHONE)

    same = replace(_changed(), kind="customer_identity_changed", new_phone=None)
    assert follow(same, workspace_id=ona.workspace.pk, at=LATER) is None
    assert Identity.objects.count() == 1


def it_costs_the_same_however_many_people_write() -> None:
    ona = shop()
    people = [f"+3460055{place:04d}" for place in range(40)]
    receive([_arrived(ona, from_phone=phone) for phone in people])

    with CaptureQueriesContext(connection) as few:
        write(ona, "Què tal?", from_phone=people[0])
    with CaptureQueriesContext(connection) as many:
        receive([_arrived(ona, "Adéu-siau", from_phone=phone) for phone in people])

    assert len(many) == len(few) == 8


def it_changes_nothing_when_meta_repeats_a_message_within_a_webhook() -> None:
    ona = shop()
    told = _arrived(ona)

    first, again = receive([told, told])

    assert (first.is_new, again.is_new) == (True, False)
    assert first.contact_id == again.contact_id
    assert Message.objects.count() == 1


def it_knows_two_writers_of_one_webhook_for_one_person_where_a_third_message_says_so() -> None:
    ona = shop()

    by_phone, by_user_id, by_both = receive(
        [
            _arrived(ona),
            _arrived(ona, from_phone=None, from_user_id=USER_ID),
            _arrived(ona, from_user_id=USER_ID),
        ]
    )

    assert by_phone.contact_id == by_user_id.contact_id == by_both.contact_id
    assert set(Identity.objects.values_list("contact_id", flat=True)) == {by_phone.contact_id}


@settings(
    max_examples=sized(12, full=500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    said=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["Hola", "BAIXA", "Gràcies", "STOP ALL", ""]),
            st.sampled_from(["text", "reaction", "button"]),
            st.booleans(),
            st.integers(0, 90),
        ),
        min_size=2,
        max_size=12,
    )
)
def it_takes_many_messages_in_as_it_does_one_by_one(
    said: list[tuple[int, str, str, bool, int]], db: None
) -> None:
    assert _kept_of(said, together=True) == _kept_of(said, together=False)


def _kept_of(said: list[tuple[int, str, str, bool, int]], *, together: bool) -> dict[str, object]:
    """Let four people say this to a shop, give what the store keeps of it, and forget it again."""
    with transaction.atomic():
        kept = _told(said, together=together)
        transaction.set_rollback(True)
    return kept


def _told(said: list[tuple[int, str, str, bool, int]], *, together: bool) -> dict[str, object]:
    """Let four people, three of whom got an offer, say this to a shop; give what the store keeps of it."""
    ona = shop()
    people = [f"+3460055500{place}" for place in range(4)]
    contacts = [agreed(ona, phone=phone).pk for phone in people[:3]]
    into = batch(ona)
    frozen(ona, into)
    tokens = accepted(ona, hold(ona))
    offers = {
        contact_id: tokens[delivery_id]
        for delivery_id, contact_id in Delivery.objects.values_list("id", "contact_id")
    }
    # A second offer waits for all of them.
    frozen(ona, batch(ona))
    arrived = [
        _arrived(
            ona,
            text,
            from_phone=people[who],
            kind=kind,
            wamid=f"wamid.{place}",
            context_wamid=f"wamid.{offers[contacts[who]].hex}" if quotes and who < len(contacts) else None,
            at=NOON + timedelta(minutes=minutes),
        )
        for place, (who, text, kind, quotes, minutes) in enumerate(said)
    ]
    if together:
        receive(arrived)
    else:
        for one in arrived:
            receive([one])
    return {
        "windows": _kept(ServiceWindow, "identity__value_hash", "closes_at"),
        "conversations": _kept(Conversation, "last_wrote_at", "waiting_since"),
        "messages": _kept(Message, "wamid_hash", "is_leaving", "kind", "at", "answers__state"),
        "standings": _kept(Standing, "may_write", "since"),
        "suppressions": sorted(Suppression.objects.values_list("hash", "kind")),
        "deliveries": _kept(Delivery, "state", "reason", "replied_at", "left_at", "confirms__source"),
        "replied": [tallies(into).get("replied"), tallies(into).get("left")],
    }


def _kept(model: type[Model], *fields: str) -> list[str]:
    """Read rows as text, sorted; whose they are by the phone."""
    rows = model._default_manager.values_list("contact__identities__value_hash", *fields)
    return sorted(
        repr([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]) for row in rows
    )


def _arrived(of: Shop, text: str | None = "Hola", **facts: object) -> Arrived:
    return Arrived(message(text, **facts), of.number, LATER)


def _changed() -> IdentityChange:
    return IdentityChange(
        "n", "w", "wamid.change", "user_changed_number", NOON, old_phone=PHONE, new_phone=NEW_PHONE
    )


def _is_suppressed(of: Shop, phone: str) -> bool:
    wanted = new_identity(IdentityKind.PHONE, phone).suppression_hash
    return Suppression.objects.filter(workspace=of.workspace, hash=wanted, kind="marketing").exists()
