"""Segments: one with a whole tree, one simple one, one whose question nobody can read any more."""

from datetime import timedelta
from typing import Any

from difusio.accounts.rights import Right
from difusio.campaigns.models import Campaign
from difusio.consent.models import Topic, TopicKind
from difusio.contacts.identities import new_identity
from difusio.contacts.models import Contact, Event, Identity, IdentityKind
from difusio.segments.models import Segment
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("segments", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
    Route("segment_new", Right.PLAN_ALERTS, post="200", outsider=("200", "200")),
    Route("segment_answer", Right.PLAN_ALERTS, get="405", post="200", outsider=("405", "200")),
    Route("segment", Right.SEE_CAMPAIGNS),
    Route("segment_count", Right.SEE_CAMPAIGNS, get="302 /segments/", post="200"),
    Route("segment_edit", Right.PLAN_ALERTS, post="200"),
    Route("segment_duplicate", Right.PLAN_ALERTS, get="405", post="302 /segments/"),
    # A campaign uses it, so that it stays for whoever comes next.
    Route("segment_delete", Right.PLAN_ALERTS, post="200"),
]
SCREENS = [
    Screen("segments", "/segments/", 5, is_telling_when_empty=True),
    Screen("segment", "/segments/{segment_id}/", 6),
    Screen("segment-why", "/segments/{segment_id}/?person={fan_id}", 14),
    Screen("segment-new", "/segments/new/", 7),
    Screen("segment-edit", "/segments/{segment_id}/edit/", 8),
    Screen("segment-delete", "/segments/{simple_segment_id}/delete/", 6),
]
TREE: dict[str, Any] = {
    "all": [
        {"field": "language", "in": ["ca", "es"]},
        {"event": "bought", "within_days": 270, "at_least": 2, "sum_of": "total", "sum_at_least": 40},
        {
            "any": [
                {"consent": {"topic": "offers"}},
                {"not": {"any": [{"delivery": "left"}, {"field": "fields.mida", "is": "XL"}]}},
            ]
        },
        {
            "event": "bought",
            "after": "2026-01-01T00:00:00+01:00",
            "before": "2026-11-01T00:00:00+01:00",
            "where": {"botiga": "Girona"},
        },
    ]
}
NAMES = (
    ("Montserrat", "Puigdevall i Vilallonga de Casademont-Rocaguinarda"),
    ("<script>alert(1)</script>", "'; DROP TABLE contacts_contact; --"),
    ("Asha", "Patel"),
    ("Bilal", ""),
    ("", ""),
)


def furnish(shop: Shop) -> None:
    """Bring a few customers with their purchases, and save some questions about them."""
    Topic.objects.get_or_create(
        workspace=shop.workspace, key="offers", defaults={"name": "Ofertes", "kind": TopicKind.MARKETING}
    )
    for place, (first, last) in enumerate(NAMES):
        contact = Contact.objects.create(
            workspace=shop.workspace,
            first_name=first,
            last_name=last,
            language=("ca", "es")[place % 2],
            country="ES",
            fields={"mida": "M", "punts": 10 * place, "client des de": "2024-05-01"},
            created_at=cast.NOON,
        )
        known = new_identity(
            IdentityKind.PHONE, f"+346000{shop.workspace.pk % 1000:03}{place:02}", country="ES"
        )
        Identity.objects.create(
            workspace=shop.workspace,
            contact=contact,
            **{name: getattr(known, name) for name in known.__slots__},
        )
        for purchase in range(place):
            Event.objects.create(
                workspace=shop.workspace,
                contact=contact,
                name="bought",
                at=cast.NOON - timedelta(days=30 * purchase),
                properties={"total": 25.5, "botiga": "Girona"},
                source_key=f"{contact.pk}-{purchase}",
            )
        shop.ids["fan_id"] = contact.pk
    simple = Segment.objects.create(
        workspace=shop.workspace,
        name="Qui llegeix en català",
        tree={"field": "language", "is": "ca"},
        created_at=cast.NOON,
        counted=9_870,
        counted_of=10_350,
        counted_at=cast.NOON,
    )
    whole = Segment.objects.create(
        workspace=shop.workspace,
        name="Bons clients de la botiga de Girona que encara no han vingut per la castanyada",
        tree=TREE,
        created_at=cast.NOON,
        counted=412,
        counted_of=10_350,
        counted_at=cast.NOON,
    )
    Campaign.objects.filter(pk=shop.ids["draft_id"]).update(segment=whole)
    shop.ids |= {"segment_id": whole.pk, "simple_segment_id": simple.pk}
