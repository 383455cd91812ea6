"""A store that came out of a backup is held: it tells by itself, and a person lets it go."""

from typing import Any, Final

import pytest
from django.db import connection

from difusio.accounts import hold
from difusio.accounts.models import AuditEntry, Installation
from difusio.campaigns.after_restore import SetBack, set_back
from difusio.campaigns.launch import launch
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.campaigns.schedule import schedule
from difusio.consent.models import Entry
from difusio.outbox.claim import open_batches
from difusio.outbox.models import Batch, Delivery, Lane
from difusio.outbox.reply import confirm_leaving, reply
from difusio.sending.store import sendable_numbers
from tests.campaigns.steps import draft
from tests.cast import NOON, agreed, shop

pytestmark = pytest.mark.django_db

ELSEWHERE: Final = "another server/another database/another table"


def made(place: str = "") -> Installation:
    return Installation.objects.create(
        key_fingerprint="of the keys", made_at=NOON, released_place=place or hold.place()
    )


def it_sends_where_it_was_made() -> None:
    ona = shop()
    made()

    assert not hold.is_held()
    assert [number.id for number in sendable_numbers()] == [ona.number.pk]


def it_is_held_wherever_else_it_stands_until_a_person_lets_it() -> None:
    ona = shop()
    made(ELSEWHERE)
    assert hold.is_held()
    assert sendable_numbers() == []

    assert hold.release(by="Dana", at=NOON)

    assert not hold.is_held()
    assert [number.id for number in sendable_numbers()] == [ona.number.pk]
    assert AuditEntry.objects.get(workspace=ona.workspace).act == "sending.released"
    assert not hold.release(by="Dana", at=NOON)


def it_notices_that_its_own_table_was_made_anew() -> None:
    made()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE as_restored (LIKE accounts_installation INCLUDING ALL)")
        cursor.execute("INSERT INTO as_restored SELECT * FROM accounts_installation")
        cursor.execute("DROP TABLE accounts_installation")
        cursor.execute("ALTER TABLE as_restored RENAME TO accounts_installation")

    assert hold.is_held()


def it_sets_back_what_stood_ready_and_leaves_what_comes_afterwards() -> None:
    ona = shop()
    asha = agreed(ona)
    sending, scheduled, untouched = draft(ona), draft(ona), draft(ona)
    launch(sending.pk, by="Dana", at=NOON)
    schedule(scheduled.pk, NOON.replace(hour=18), by="Dana", at=NOON)
    answer = reply(
        asha.pk,
        workspace_id=ona.workspace.pk,
        number_id=ona.number.pk,
        text="Fins demà",
        window_closes_at=NOON.replace(hour=20),
        at=NOON,
    )
    made(ELSEWHERE)

    assert set_back(at=NOON) == SetBack(paused=1, unscheduled=1, cancelled=1)

    assert dict(Campaign.objects.values_list("id", "state")) == {
        sending.pk: CampaignState.PAUSED,
        scheduled.pk: CampaignState.DRAFT,
        untouched.pk: CampaignState.DRAFT,
    }
    # In the language of the workspace: it is read later, by whoever comes first.
    assert "còpia de seguretat" in Round.objects.get(campaign=scheduled).held_back
    assert Delivery.objects.get(pk=answer).state == "cancelled"
    assert open_batches(ona.number.pk, at=NOON) == []
    entry = AuditEntry.objects.get(act="store.restored")
    assert entry.details == {"paused": [sending.pk], "unscheduled": [scheduled.pk], "cancelled": 1}
    # Once: an answer that is written meanwhile waits for the release.
    reply(
        asha.pk,
        workspace_id=ona.workspace.pk,
        number_id=ona.number.pk,
        text="Bon dia",
        window_closes_at=NOON.replace(hour=20),
        at=NOON,
    )
    assert set_back(at=NOON) is None
    assert [batch.lane for batch in open_batches(ona.number.pk, at=NOON)] == [Lane.REPLY]


def it_lets_the_batch_of_confirmations_go_on_for_whoever_leaves_next() -> None:
    ona = shop()
    asha, bilal = agreed(ona), agreed(ona, "Bilal")
    facts: dict[str, Any] = {
        "workspace_id": ona.workspace.pk,
        "number_id": ona.number.pk,
        "text": "No t'escriurem més.",
        "window_closes_at": NOON.replace(hour=20),
        "at": NOON,
    }
    entries = list(Entry.objects.order_by("id").values_list("id", flat=True))
    confirm_leaving(entries[0], contact_id=asha.pk, **facts)
    made(ELSEWHERE)

    set_back(at=NOON)
    confirm_leaving(entries[1], contact_id=bilal.pk, **facts)

    assert Batch.objects.count() == 1
    assert dict(Delivery.objects.values_list("contact__first_name", "state")) == {
        "Asha": "cancelled",
        "Bilal": "queued",
    }
    assert len(open_batches(ona.number.pk, at=NOON)) == 1


def it_changes_nothing_in_a_store_that_was_not_restored() -> None:
    ona = shop()
    agreed(ona)
    campaign = draft(ona)
    launch(campaign.pk, by="Dana", at=NOON)
    made()

    assert set_back(at=NOON) is None

    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENDING
