"""The ledger decides, never forgets, and shows when somebody touched it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from difusio.consent.export import export
from difusio.consent.leave import leave
from difusio.consent.models import Act, Block, Entry, Standing, Suppression
from difusio.consent.verify import verify
from tests.cast import NOON, Shop, agreed, identity, person, say, shop

pytestmark = pytest.mark.django_db


def _may_write(of: Shop, contact_id: int) -> bool:
    return Standing.objects.get(contact_id=contact_id, topic=of.offers).may_write


def it_lets_write_to_who_agreed() -> None:
    ona = shop()

    asha = agreed(ona, "Asha")

    assert _may_write(ona, asha.pk) is True


def it_forbids_writing_to_who_withdrew_later() -> None:
    ona = shop()
    bilal = agreed(ona, "Bilal")

    say(ona, bilal, Act.WITHDRAWN, at=NOON)

    assert _may_write(ona, bilal.pk) is False


def it_keeps_a_withdrawal_when_an_older_grant_is_imported_after_it() -> None:
    ona = shop()
    bilal = person(ona, "Bilal")
    say(ona, bilal, Act.WITHDRAWN, at=NOON)

    say(ona, bilal, Act.GRANTED, at=NOON - timedelta(days=1))

    assert _may_write(ona, bilal.pk) is False


def it_forbids_when_grant_and_withdrawal_have_the_same_moment() -> None:
    ona = shop()
    bilal = person(ona, "Bilal")
    say(ona, bilal, Act.WITHDRAWN, at=NOON)

    say(ona, bilal, Act.GRANTED, at=NOON)

    assert _may_write(ona, bilal.pk) is False


def it_gives_no_standing_to_who_was_only_asked() -> None:
    ona = shop()
    chen = person(ona, "Chen")

    say(ona, chen, Act.REQUESTED)

    assert not Standing.objects.filter(contact=chen).exists()


def it_chains_each_block_to_the_one_before() -> None:
    ona = shop()
    agreed(ona, "Asha")
    agreed(ona, "Bilal")

    first, second = Block.objects.filter(workspace=ona.workspace).order_by("seq")

    assert (bytes(second.previous_hash), second.seq) == (bytes(first.hash), 2)
    assert verify(ona.workspace.pk).holds


@pytest.mark.parametrize("act", ["UPDATE consent_entry SET act = 'granted'", "DELETE FROM consent_entry"])
def it_refuses_to_change_or_delete_an_entry(act: str) -> None:
    agreed(shop(), "Asha")

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(act)


def it_shows_one_changed_entry() -> None:
    ona = shop()
    entry_id = say(ona, person(ona, "Asha"), Act.GRANTED)
    with connection.cursor() as cursor:
        # What only somebody with the database's own rights can do.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_entry DISABLE TRIGGER consent_entry_append_only")
        cursor.execute("UPDATE consent_entry SET source = 'forged' WHERE id = %s", [entry_id])
        cursor.execute("ALTER TABLE consent_entry ENABLE TRIGGER consent_entry_append_only")

    assert verify(ona.workspace.pk).damaged_entries == (entry_id,)


def it_refuses_a_grant_without_its_words() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    entry = Entry.objects.get(contact=asha)
    entry.pk, entry.wording = None, None

    with pytest.raises(IntegrityError, match="grant_has_wording"), transaction.atomic():
        entry.save(force_insert=True)


def it_exports_every_entry_with_person_words_and_proof() -> None:
    ona = shop()
    asha = agreed(ona, "Asha", phone="+34600123456")

    (row,) = export(ona.workspace.pk)

    assert (row["contact"], row["phone"], row["act"], row["proof"]) == (
        asha.pk,
        "+34600123456",
        "granted",
        "a ticked box",
    )
    assert row["wording"] == "Accepto rebre ofertes de Botiga Ona per WhatsApp."


def it_withdraws_from_every_marketing_topic_and_keeps_service() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    say(ona, asha, Act.GRANTED, topic=ona.alerts)

    left = leave(
        asha.pk,
        workspace_id=ona.workspace.pk,
        source="test",
        proof=b"STOP",
        actor="asha",
        at=NOON,
        recorded_at=NOON,
    )

    assert left.is_new
    assert _may_write(ona, asha.pk) is False
    assert Standing.objects.get(contact=asha, topic=ona.alerts).may_write is True


def it_records_a_leaving_once() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    once = {"workspace_id": ona.workspace.pk, "source": "test", "proof": b"STOP", "actor": "asha"}
    leave(asha.pk, at=NOON, recorded_at=NOON, **once)  # type: ignore[arg-type]

    again = leave(asha.pk, at=NOON, recorded_at=NOON, **once)  # type: ignore[arg-type]

    assert again.is_new is False
    assert Entry.objects.filter(contact=asha, act=Act.WITHDRAWN).count() == 1


def it_suppresses_every_identity_of_who_leaves() -> None:
    ona = shop()
    asha = agreed(ona, "Asha", user_id="ES.123456")
    identity(asha, "email", "asha@example.org")

    leave(
        asha.pk,
        workspace_id=ona.workspace.pk,
        source="test",
        proof=b"STOP",
        actor="asha",
        at=NOON,
        recorded_at=NOON,
    )

    hashes = {bytes(row) for row in asha.identities.values_list("suppression_hash", flat=True)}
    assert {bytes(row) for row in Suppression.objects.values_list("hash", flat=True)} == hashes


def it_lets_a_late_stop_end_a_grant_that_was_given_meanwhile() -> None:
    ona = shop()
    asha = agreed(ona, "Asha")
    say(ona, asha, Act.RENEWED, at=NOON)

    leave(
        asha.pk,
        workspace_id=ona.workspace.pk,
        source="test",
        proof=b"STOP",
        actor="asha",
        at=NOON - timedelta(hours=2),
        recorded_at=NOON,
    )

    assert _may_write(ona, asha.pk) is False
