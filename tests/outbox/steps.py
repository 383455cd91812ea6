"""Small steps through the outbox, as the engines take them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from psycopg import sql

from difusio.consent.models import TopicKind
from difusio.outbox.bounds import bounds_of
from difusio.outbox.claim import Claimed, Hold, Intent, claim, intend, open_batches
from difusio.outbox.freeze import Audience, Frozen, freeze
from difusio.outbox.lease import acquire
from difusio.outbox.models import Batch, Delivery, Lane, Tally
from difusio.outbox.record import Outcome, record
from tests.cast import NOON, Shop


def batch(of: Shop, *, lane: Lane = Lane.BULK) -> Batch:
    """Make a batch of the shop's template about its offers."""
    return Batch.objects.create(
        workspace=of.workspace,
        number=of.number,
        lane=lane,
        topic=of.offers,
        template=of.template,
        message={"values": {"first_name": "{{ contact.first_name | default: 'amic' }}"}},
        created_at=NOON,
    )


def audience(of: Shop, into: Batch, *, required: Sequence[str] = (), paused: Sequence[str] = ()) -> Audience:
    """Ask for everybody of the shop, whatever their language."""
    return Audience(
        workspace_id=of.workspace.pk,
        number_id=of.number.pk,
        topic_id=of.offers.pk,
        topic_kind=TopicKind.MARKETING,
        members=sql.SQL("SELECT id FROM contacts_contact WHERE workspace_id = %(everybody_of)s"),
        parameters={"everybody_of": of.workspace.pk},
        batches=dict.fromkeys(("ca", "es", "en"), into.pk),
        paused_countries=paused,
        required_fields=required,
        bounds=bounds_of(of.workspace, of.offers),
    )


def frozen(of: Shop, into: Batch, *, at: datetime = NOON) -> Frozen:
    """Freeze everybody of the shop into the batch."""
    return freeze(audience(of, into), due_at=at, at=at)


def hold(of: Shop, owner: str = "sender") -> Hold:
    """Take the shop's number."""
    epoch = acquire(of.number.pk, owner=owner)
    assert epoch is not None
    return Hold(of.number.pk, owner, epoch)


def claimed(of: Shop, by: Hold, *, limit: int = 100, at: datetime = NOON) -> list[Claimed]:
    """Claim from every open batch of the shop's number."""
    return [
        item
        for each in open_batches(of.number.pk, at=at)
        for item in claim(each, by, limit=limit, at=at).claimed
    ]


def intended(items: Sequence[Claimed], by: Hold, *, at: datetime = NOON) -> dict[int, UUID]:
    """Make the intents and give the token of each delivery that may be posted."""
    tokens = {item.delivery_id: uuid4() for item in items}
    intents = [Intent(delivery_id, token, b"content") for delivery_id, token in tokens.items()]
    allowed = intend(intents, [by], deadline_s=10.0, at=at)
    return {delivery_id: token for delivery_id, token in tokens.items() if delivery_id in allowed}


def accepted(of: Shop, by: Hold, *, at: datetime = NOON) -> dict[int, UUID]:
    """Send everything that can be claimed, all accepted; give the tokens."""
    tokens = intended(claimed(of, by, at=at), by, at=at)
    record([Outcome(token, "accepted", wamid=f"wamid.{token.hex}") for token in tokens.values()], at=at)
    return tokens


def states(of: Shop) -> dict[str, str]:
    """Give each person's delivery: first name → state and reason."""
    rows = Delivery.objects.filter(workspace=of.workspace).order_by("id").select_related("contact")
    return {row.contact.first_name: f"{row.state} {row.reason}".strip() for row in rows}


def tallies(of: Batch) -> dict[str, int]:
    """Give the batch's counters that are not zero: ``measure`` or ``measure detail`` → n."""
    rows = Tally.objects.filter(batch=of).exclude(n=0)
    return {f"{row.measure} {row.detail}".strip(): row.n for row in rows}
