"""What a segment finds in a real database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count as counter
from typing import Any

import pytest

from difusio.accounts.models import Workspace
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Suppression, Topic, TopicKind
from difusio.consent.wordings import ensure_wording
from difusio.contacts.identities import ensure
from difusio.contacts.models import Contact, Event, Identity
from difusio.outbox.models import Batch, Delivery, Lane
from difusio.segments.count import count, members, sample
from difusio.segments.tree import parse
from tests import cast

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_keys = counter()


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(name="Shop", created_at=NOW)


def _person(shop: Workspace, **facts: Any) -> int:
    return Contact.objects.create(workspace=shop, created_at=NOW, **facts).pk


def _bought(
    contact: int, properties: dict[str, object], *, days_ago: float = 1, name: str = "bought"
) -> None:
    Event.objects.create(
        workspace=Contact.objects.get(pk=contact).workspace,
        contact_id=contact,
        name=name,
        at=NOW - timedelta(days=days_ago),
        properties=properties,
        source_key=str(next(_keys)),
    )


def _agree(
    shop: Workspace, contact: int, *, act: Act = Act.GRANTED, expires_at: datetime | None = None
) -> None:
    topic, _ = Topic.objects.get_or_create(
        workspace=shop, key="offers", defaults={"name": "Offers", "kind": TopicKind.MARKETING}
    )
    append(
        [
            NewEntry(
                contact_id=contact,
                topic_id=topic.pk,
                act=act,
                basis=Basis.CONSENT,
                wording_id=ensure_wording(shop.pk, language="en", text="Yes, offers."),
                source="test",
                proof=b"test",
                actor="Dana",
                at=NOW - timedelta(days=3),
                expires_at=expires_at,
            )
        ],
        workspace_id=shop.pk,
        at=NOW,
    )


def _meant(shop: Workspace, tree: dict[str, object]) -> Sequence[int]:
    found = list(members(parse(tree), workspace_id=shop.pk, at=NOW))
    assert count(parse(tree), workspace_id=shop.pk, at=NOW) == len(found)
    return found


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ({"field": "language", "is": "ca"}, ["Asha", "Chen"]),
        ({"field": "language", "is_not": "ca"}, ["Bilal", ""]),
        ({"field": "language", "in": ["es", "ca"]}, ["Asha", "Bilal", "Chen"]),
        ({"field": "first_name", "contains": "A"}, ["Asha", "Bilal"]),
        ({"field": "first_name", "is_empty": True}, [""]),
        ({"field": "first_name", "is_empty": False}, ["Asha", "Bilal", "Chen"]),
        ({"field": "fields.city", "is": "Vic"}, ["Asha"]),
        ({"field": "fields.city", "is_not": "Vic"}, ["Bilal", "Chen", ""]),
        ({"field": "fields.city", "is_empty": True}, ["Bilal", "Chen", ""]),
        ({"field": "fields.points", "at_least": 9.5}, ["Asha", "Bilal"]),
        ({"field": "fields.points", "at_most": 10}, ["Bilal"]),
        ({"field": "fields.points", "is": 10}, ["Bilal"]),
        ({"field": "fields.born", "at_least": "1990-01-01"}, ["Bilal"]),
        ({"field": "fields.born", "at_most": "1989-12-31"}, ["Asha"]),
        ({"field": "fields.vip", "is": True}, ["Chen"]),
        ({"not": {"field": "language", "is": "ca"}}, ["Bilal", ""]),
        (
            {"any": [{"field": "language", "is": "es"}, {"field": "fields.vip", "is": True}]},
            ["Bilal", "Chen"],
        ),
        ({"all": [{"field": "language", "is": "ca"}, {"field": "fields.vip", "is": True}]}, ["Chen"]),
    ],
)
def it_asks_columns_and_fields(shop: Workspace, tree: dict[str, object], names: list[str]) -> None:
    _person(
        shop, first_name="Asha", language="ca", fields={"city": "Vic", "points": "11.5", "born": "1989-12-31"}
    )
    _person(
        shop, first_name="Bilal", language="es", fields={"points": 10, "born": "2001-02-03", "vip": False}
    )
    _person(shop, first_name="Chen", language="ca", fields={"points": "many", "born": "soon", "vip": True})
    _person(shop)

    found = Contact.objects.filter(pk__in=_meant(shop, tree)).order_by("id")

    assert [contact.first_name for contact in found] == names


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ({"event": "bought"}, ["Asha", "Bilal"]),
        ({"event": "bought", "within_days": 10}, ["Asha"]),
        ({"event": "bought", "at_least": 2}, ["Asha"]),
        ({"event": "bought", "at_most": 1}, ["Bilal", "Chen"]),
        ({"event": "bought", "at_most": 0}, ["Chen"]),
        ({"event": "bought", "exactly": 1}, ["Bilal"]),
        ({"event": "bought", "exactly": 0}, ["Chen"]),
        ({"event": "bought", "at_least": 0}, ["Asha", "Bilal", "Chen"]),
        ({"event": "bought", "after": "2026-11-21"}, ["Asha"]),
        ({"event": "bought", "before": "2026-11-01"}, ["Bilal"]),
        ({"event": "bought", "sum_of": "total", "sum_at_least": 30.5}, ["Asha"]),
        ({"event": "bought", "sum_of": "total", "sum_at_least": 30.51}, []),
        ({"event": "bought", "sum_of": "total", "sum_at_most": 20}, ["Bilal"]),
        ({"event": "bought", "at_least": 0, "sum_of": "total", "sum_at_most": 20}, ["Bilal", "Chen"]),
        ({"event": "bought", "where": {"shop": "Vic"}}, ["Asha"]),
        ({"event": "bought", "where": {"total": 20}}, ["Asha", "Bilal"]),
        ({"event": "bought", "where": {"shop": "Vic", "total": 99}}, []),
        ({"not": {"event": "bought", "within_days": 10}}, ["Bilal", "Chen"]),
        (
            {"any": [{"event": "bought", "at_least": 2}, {"not": {"event": "bought"}}, {"event": "visited"}]},
            ["Asha", "Chen"],
        ),
    ],
)
def it_asks_what_people_did(shop: Workspace, tree: dict[str, object], names: list[str]) -> None:
    asha, bilal = _person(shop, first_name="Asha"), _person(shop, first_name="Bilal")
    _person(shop, first_name="Chen")
    _bought(asha, {"total": 20, "shop": "Vic"})
    _bought(asha, {"total": 10.5}, days_ago=2)
    _bought(bilal, {"total": 20, "shop": "Berga"}, days_ago=40)
    _bought(bilal, {"total": 500}, days_ago=-1)

    found = Contact.objects.filter(pk__in=_meant(shop, tree)).order_by("id")

    assert [contact.first_name for contact in found] == names


def it_asks_who_may_be_written_to_as_a_claim_would(shop: Workspace) -> None:
    asha, bilal, chen = _person(shop), _person(shop), _person(shop)
    dana = ensure(shop.pk, phone="34600000001", at=NOW)
    _agree(shop, asha)
    _agree(shop, bilal)
    _agree(shop, bilal, act=Act.WITHDRAWN)
    _agree(shop, chen, expires_at=NOW - timedelta(hours=1))
    _agree(shop, dana)
    _person(shop)
    suppressed = Identity.objects.get(contact_id=dana).suppression_hash
    Suppression.objects.create(workspace=shop, hash=suppressed, kind=TopicKind.MARKETING, at=NOW)

    assert _meant(shop, {"consent": {"topic": "offers"}}) == [asha]
    assert _meant(shop, {"not": {"consent": {"topic": "offers"}}})[:3] == [bilal, chen, dana]


def it_asks_what_became_of_messages() -> None:
    shop = cast.shop()
    asha, bilal, chen = (cast.person(shop, name) for name in ("Asha", "Bilal", "Chen"))
    about_offers = _batch(shop, shop.offers)
    about_alerts = _batch(shop, shop.alerts)
    _delivery(about_offers, asha, delivered_at=NOW - timedelta(days=40), read_at=NOW - timedelta(days=9))
    _delivery(about_alerts, bilal, delivered_at=NOW - timedelta(days=2))
    entry = cast.say(shop, chen, Act.GRANTED)
    _delivery(_batch(shop, None), chen, confirms_id=entry, delivered_at=NOW)

    def meant(**node: object) -> list[str]:
        found = _meant(shop.workspace, {"delivery": "delivered", **node})
        return list(Contact.objects.filter(pk__in=found).values_list("first_name", flat=True).order_by("id"))

    assert meant() == ["Asha", "Bilal"]
    assert meant(within_days=30) == ["Bilal"]
    assert meant(topic="offers") == ["Asha"]
    assert meant(topic="gone") == []
    assert meant(template="autumn", topic="alerts") == ["Bilal"]
    assert meant(template="spring") == []
    assert meant(delivery="read", within_days=10) == ["Asha"]
    assert _meant(shop.workspace, {"not": {"delivery": "delivered"}}) == [chen.pk]


def _batch(shop: cast.Shop, topic: Topic | None) -> Batch:
    return Batch.objects.create(
        workspace=shop.workspace,
        number=shop.number,
        lane=Lane.BULK,
        topic=topic,
        template=shop.template,
        created_at=NOW,
    )


def _delivery(batch: Batch, contact: Contact, **times: Any) -> None:
    Delivery.objects.create(
        workspace=batch.workspace,
        batch=batch,
        number=batch.number,
        contact=contact,
        state="delivered",
        window_closes_at=NOW,
        due_at=NOW,
        created_at=NOW,
        **times,
    )


def it_leaves_out_erased_people_and_other_workspaces(shop: Workspace) -> None:
    here = _person(shop, language="ca")
    _person(shop, language="ca", erased_at=NOW)
    _person(Workspace.objects.create(name="Elsewhere", created_at=NOW), language="ca")

    assert _meant(shop, {"field": "language", "is": "ca"}) == [here]


def it_samples_the_newest(shop: Workspace) -> None:
    people = [_person(shop) for _ in range(5)]

    tree = parse({"field": "language", "is_empty": True})

    assert sample(tree, workspace_id=shop.pk, at=NOW, size=2) == [people[4], people[3]]


HOSTILE = [
    "'; DROP TABLE contacts_contact; --",
    "%s %(segment_0)s %%",
    '") OR 1=1 --',
    "{}{0}{workspace}",
    "\\'; --",
    "$$; SELECT pg_sleep(9); $$",
    "🤷 \u202e",
]


@pytest.mark.parametrize("text", HOSTILE)
def it_takes_hostile_text_as_text_wherever_a_tree_holds_text(shop: Workspace, text: str) -> None:
    odd = _person(shop, first_name=text, fields={text: text})
    plain = _person(shop, first_name="Asha")
    _bought(odd, {text: text}, name=text)

    trees: list[dict[str, object]] = [
        {"field": "first_name", "is": text},
        {"field": "first_name", "in": [text]},
        {"field": "first_name", "contains": text},
        {"field": f"fields.{text}", "is": text},
        {"event": text},
        {"event": text, "where": {text: text}},
        {"event": text, "at_least": 1, "sum_of": text, "sum_at_most": 0},
    ]

    for tree in trees:
        assert _meant(shop, tree) == [odd], tree
    assert _meant(shop, {"consent": {"topic": text}}) == []
    assert _meant(shop, {"field": "first_name", "is_not": text}) == [plain]
