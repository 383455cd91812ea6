"""A test message goes to oneself alone, by the way that every message goes."""

from datetime import timedelta

import pytest

from difusio.accounts.models import AuditEntry
from difusio.campaigns.errors import NumberStopped
from difusio.campaigns.try_out import LeftBefore, NoPhone, NotYours, TriedOut, try_out
from difusio.consent.leave import leave
from difusio.consent.models import Entry, TopicKind
from difusio.contacts.models import Contact
from difusio.numbers.models import Number
from difusio.outbox.models import Delivery
from tests.cast import NOON, Shop, shop
from tests.outbox.steps import claimed, hold

pytestmark = pytest.mark.django_db

PHONE = "+34 600 123 456"


def tried(of: Shop, **facts: object) -> TriedOut:
    told = {"phone": PHONE, "first_name": "Dana", "is_mine": True, "at": NOON, **facts}
    return try_out(
        workspace_id=of.workspace.pk,
        number_id=of.number.pk,
        template_id=of.template.pk,
        wording="Aquest telèfon és meu i vull aquest missatge de prova.",
        topic_name="Missatges de prova",
        by="user 1",
        **told,  # type: ignore[arg-type]  # the tests name the fields
    )


def it_queues_the_template_for_a_contact_who_agreed_to_tests_and_to_nothing_else() -> None:
    ona = shop()

    first = tried(ona)

    (item,) = claimed(ona, hold(ona))
    assert (item.delivery_id, item.address) == (first.delivery_id, "+34600123456")
    stored = Delivery.objects.select_related("allowed_by__topic", "batch").get()
    assert stored.allowed_by is not None
    assert (stored.allowed_by.topic.key, stored.batch.topic_id) == (
        "test-messages",
        stored.allowed_by.topic_id,
    )
    assert stored.batch.message == {"values": {"first_name": "{{ contact.first_name | default: 'Ona' }}"}}
    assert (Contact.objects.get().first_name, Contact.objects.get().language) == ("Dana", "ca")
    assert "test.sent" in AuditEntry.objects.values_list("act", flat=True)


def it_knows_a_phone_that_is_written_as_at_home() -> None:
    ona = shop()

    assert tried(ona, phone="600 123 456").contact_id == tried(ona, at=NOON + timedelta(minutes=1)).contact_id


def it_sends_another_one_each_time_to_the_same_person() -> None:
    ona = shop()

    first, second = tried(ona), tried(ona, at=NOON + timedelta(minutes=1))

    assert (first.contact_id, first.delivery_id != second.delivery_id) == (second.contact_id, True)


def it_sends_nothing_to_somebody_else_to_no_phone_or_from_a_stopped_number() -> None:
    ona = shop()
    with pytest.raises(NotYours):
        tried(ona, is_mine=False)
    with pytest.raises(NoPhone):
        tried(ona, phone="600")
    Number.objects.update(stopped_for="190")
    with pytest.raises(NumberStopped):
        tried(ona)

    assert not Delivery.objects.exists()
    assert not Entry.objects.exists()


def it_leaves_a_phone_in_peace_that_left_everything() -> None:
    ona = shop()
    contact = tried(ona).contact_id
    leave(
        contact, workspace_id=ona.workspace.pk, source="test", proof=b"STOP", actor="the person",
        at=NOON, recorded_at=NOON, kinds=tuple(TopicKind),
    )  # fmt: skip

    with pytest.raises(LeftBefore):
        tried(ona, at=NOON + timedelta(minutes=1))
