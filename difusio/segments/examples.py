"""Some people whom a tree means, or does not mean, as they may be shown: a name, and a phone number's ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from difusio.common.keyring import keyring
from difusio.contacts.identities import PURPOSE
from difusio.contacts.models import Contact, Identity, IdentityKind
from difusio.contacts.search import masked
from difusio.segments.count import sample
from difusio.segments.tree import Node, Not

SIZE: Final = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One person.  phone: masked, empty without one."""

    contact_id: int
    name: str
    phone: str


def examples(
    tree: Node, *, workspace_id: int, at: datetime, size: int = SIZE, is_out: bool = False
) -> list[Example]:
    """Give the newest contacts whom the tree means; is_out: whom it does not mean.  3 queries."""
    asked = Not(tree) if is_out else tree
    return people(sample(asked, workspace_id=workspace_id, at=at, size=size))


def people(contact_ids: list[int]) -> list[Example]:
    """Show contacts in the order given.  2 queries."""
    names = {
        contact.pk: f"{contact.first_name} {contact.last_name}".strip()
        for contact in Contact.objects.filter(pk__in=contact_ids).only("first_name", "last_name")
    }
    phones = dict(
        Identity.objects.filter(contact__in=contact_ids, kind=IdentityKind.PHONE)
        .order_by("-id")
        .values_list("contact_id", "value_sealed")
    )
    return [
        Example(contact_id, names[contact_id], _masked(phones.get(contact_id)))
        for contact_id in contact_ids
        if contact_id in names
    ]


def _masked(sealed: bytes | memoryview | None) -> str:
    return masked(keyring().open(bytes(sealed), purpose=PURPOSE).decode()) if sealed is not None else ""
