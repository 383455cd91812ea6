"""Saving, changing, copying and deleting questions; counting with patience."""

from datetime import timedelta

import pytest
from django.db import connection

from difusio.accounts.models import AuditEntry
from difusio.campaigns.models import Campaign
from difusio.segments.count import Counted, TookLongError, ask, patience, recount
from difusio.segments.delete import SegmentUsedError, delete
from difusio.segments.models import Segment
from difusio.segments.save import LongNameError, MissingNameError, NameTakenError, add, change, duplicate
from difusio.segments.tree import TreeError, parse
from tests import cast
from tests.cast import NOON, Shop

pytestmark = pytest.mark.django_db

CATALAN = {"field": "language", "is": "ca"}


@pytest.fixture
def shop() -> Shop:
    return cast.shop()


def _add(shop: Shop, name: str = "Catalan") -> Segment:
    return Segment.objects.get(
        pk=add(workspace_id=shop.workspace.pk, name=name, tree=CATALAN, by="user 1", at=NOON)
    )


def it_saves_a_question_and_says_who_did(shop: Shop) -> None:
    segment = _add(shop, "  Llegeixen\n en   català ")

    assert (segment.name, segment.tree, segment.counted) == ("Llegeixen en català", CATALAN, None)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.act, entry.details) == ("user 1", "segment.added", {"segment": segment.pk})


def it_refuses_what_cannot_be_saved_and_saves_nothing(shop: Shop) -> None:
    segment = _add(shop)
    for name, tree, error in (
        (" ", CATALAN, MissingNameError),
        ("x" * 121, CATALAN, LongNameError),
        ("Catalan", CATALAN, NameTakenError),
        ("New", {"sql": "1"}, TreeError),
    ):
        with pytest.raises(error):
            add(workspace_id=shop.workspace.pk, name=name, tree=tree, by="user 1", at=NOON)
    _add(shop, "Other")
    with pytest.raises(NameTakenError) as refusal:
        change(segment.pk, name="Other", by="user 1", at=NOON)

    assert str(refusal.value) == "There is a segment called Other already: choose another name."
    assert sorted(Segment.objects.values_list("name", flat=True)) == ["Catalan", "Other"]


def it_forgets_the_count_of_another_question_but_not_of_another_name(shop: Shop) -> None:
    segment = _add(shop)
    cast.person(shop, "Asha")
    cast.person(shop, "Bilal", language="es")
    later = NOON + timedelta(hours=1)

    assert recount(segment, at=NOON) == Counted(people=1, of=2)
    change(segment.pk, name="Catalans", by="user 1", at=later)
    segment.refresh_from_db()
    assert (segment.counted, segment.counted_of, segment.counted_at) == (1, 2, NOON)
    change(segment.pk, tree={"event": "bought"}, by="user 1", at=later)
    segment.refresh_from_db()
    assert (segment.counted, segment.counted_at, segment.changed_at) == (None, None, later)
    change(segment.pk, tree={"event": "bought"}, by="user 1", at=later)
    assert [entry.act for entry in AuditEntry.objects.order_by("seq")] == [
        "segment.added",
        "segment.changed",
        "segment.changed",
    ]


def it_copies_a_question_under_names_of_their_own(shop: Shop) -> None:
    segment = _add(shop, "x" * 120)

    copies = [duplicate(segment.pk, by="user 1", at=NOON) for _ in range(2)]

    names = [Segment.objects.get(pk=copy).name for copy in copies]
    assert names == ["x" * 113 + " (copy)", "x" * 111 + " (copy 2)"]


def it_deletes_what_nobody_uses(shop: Shop) -> None:
    segment = _add(shop)
    used = _add(shop, "Used")
    Campaign.objects.create(
        workspace=shop.workspace,
        name="Autumn",
        kind="offer",
        topic=shop.offers,
        segment=used,
        number=shop.number,
        created_at=NOON,
        created_by="Dana",
    )

    delete(segment.pk, by="user 1", at=NOON)
    delete(segment.pk, by="user 1", at=NOON)
    with pytest.raises(SegmentUsedError):
        delete(used.pk, by="user 1", at=NOON)

    assert list(Segment.objects.values_list("name", flat=True)) == ["Used"]
    assert AuditEntry.objects.filter(act="segment.deleted").count() == 1


def it_keeps_the_last_count_when_asking_takes_long(shop: Shop) -> None:
    segment = _add(shop)
    recount(segment, at=NOON)

    with pytest.raises(TookLongError), patience(0.05), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")

    segment.refresh_from_db()
    assert segment.counted == 0
    # The store is as patient as before.
    assert ask(parse(CATALAN), workspace_id=shop.workspace.pk, at=NOON) == Counted(0, 0)
