"""Freezing writes one row per member of the audience, and pre-flight says the same before."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from difusio.consent.leave import leave
from difusio.consent.models import Act
from difusio.contacts.models import Contact
from difusio.outbox.freeze import freeze, judge
from difusio.outbox.models import Delivery
from tests.cast import NOON, agreed, identity, person, say, shop
from tests.outbox.steps import audience, batch, frozen, states, tallies

pytestmark = pytest.mark.django_db


def it_queues_who_agreed_and_skips_the_others_with_their_reason() -> None:
    ona = shop()
    agreed(ona, "Asha")
    say(ona, agreed(ona, "Bilal"), Act.WITHDRAWN, at=NOON - timedelta(days=1))
    person(ona, "Chen")
    say(ona, person(ona, "Dana"), Act.GRANTED, expires_at=NOON)
    agreed(ona, "Emma", phone=None)

    result = frozen(ona, batch(ona))

    assert states(ona) == {
        "Asha": "queued",
        "Bilal": "skipped withdrawn",
        "Chen": "skipped no_consent",
        "Dana": "skipped expired",
        "Emma": "skipped no_address",
    }
    assert (result.audience, result.queued) == (5, 1)


def it_loses_nobody_whose_language_no_one_had_when_they_were_counted() -> None:
    ona = shop()
    Contact.objects.filter(pk=agreed(ona, "Uxue").pk).update(language="eu")
    into = batch(ona)

    result = frozen(ona, into)

    assert (result.audience, result.queued) == (1, 1)
    assert Delivery.objects.get().batch_id == into.pk


def it_keeps_the_entry_that_allowed_each_message() -> None:
    ona = shop()
    asha = person(ona, "Asha")
    entry_id = say(ona, asha, Act.GRANTED)

    frozen(ona, batch(ona))

    assert asha.deliveries.get().allowed_by_id == entry_id


def it_skips_a_suppressed_person_who_was_imported_again() -> None:
    ona = shop()
    bilal = agreed(ona, "Bilal", phone="+34600000001")
    leave(
        bilal.pk,
        workspace_id=ona.workspace.pk,
        source="test",
        proof=b"",
        actor="bilal",
        at=NOON,
        recorded_at=NOON,
    )
    bilal.identities.all().delete()
    again = person(ona, "Bilal again", phone=None)
    identity(again, "phone", "+34600000001", country="ES")
    say(ona, again, Act.GRANTED, at=NOON + timedelta(days=1))

    frozen(ona, batch(ona))

    assert states(ona)["Bilal again"] == "skipped withdrawn"


def it_reaches_a_person_who_is_known_by_user_id_only() -> None:
    ona = shop()
    agreed(ona, "Asha", phone=None, user_id="ES.123456789")

    frozen(ona, batch(ona))

    assert states(ona) == {"Asha": "queued"}


def it_skips_american_numbers_and_empty_fields() -> None:
    ona = shop()
    agreed(ona, "Amy", country="US")
    agreed(ona, "")

    freeze(audience(ona, batch(ona), required=["first_name"], paused=["US"]), due_at=NOON, at=NOON)

    assert states(ona) == {"Amy": "skipped us_pause", "": "skipped missing_field"}


def it_counts_what_it_wrote() -> None:
    ona = shop()
    agreed(ona, "Asha")
    person(ona, "Chen")
    into = batch(ona)

    frozen(ona, into)

    assert tallies(into) == {"audience": 2, "skipped no_consent": 1}


def it_judges_before_by_the_same_words() -> None:
    ona = shop()
    agreed(ona, "Asha")
    person(ona, "Chen")
    asked = audience(ona, batch(ona))

    judged = {(row.reason, row.country): row.people for row in judge(asked, at=NOON)}

    assert judged == {("", "ES"): 1, ("no_consent", "ES"): 1}
    assert states(ona) == {}


def it_lets_nobody_be_deleted_who_is_written_to() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    frozen(ona, batch(ona))

    with (
        pytest.raises(IntegrityError, match="Somebody with deliveries is not deleted"),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM contacts_contact WHERE id = %s", [asha.pk])


def it_lets_somebody_be_deleted_to_whom_nothing_was_ever_sent() -> None:
    ona = shop()
    stranger = person(ona, "Stranger", phone=None)
    agreed(ona, "Asha")
    frozen(ona, batch(ona))
    Delivery.objects.filter(contact=stranger).delete()

    stranger.delete()

    assert not Contact.objects.filter(pk=stranger.pk).exists()


def it_holds_a_person_once_a_batch() -> None:
    ona = shop()
    agreed(ona, "Asha")
    into = batch(ona)
    frozen(ona, into)

    with pytest.raises(IntegrityError, match="outbox_delivery_once"), transaction.atomic():
        frozen(ona, into)


def it_never_asks_for_people_of_another_workspace() -> None:
    ona, other = shop(), shop()
    agreed(other, "Eve")

    assert frozen(ona, batch(ona)).audience == 0
