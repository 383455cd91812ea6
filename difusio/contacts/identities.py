"""The ways a person is known: made ready to be stored, found again, and joined when they turn out to be one person's.

``imports`` writes identities in bulk with ``new_identity``; whoever writes to us unknown comes in through ``ensure``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from difusio.common.keyring import keyring
from difusio.common.phone import BadPhoneError, parse_phone
from difusio.common.sealed import Keyring
from difusio.common.sql import Queries
from difusio.contacts.models import IdentityKind

queries = Queries(Path(__file__).with_suffix(".sql"))

PURPOSE: Final = "contacts.identity"
# Two transactions that make the same person known lose to each other at most once each.
_TRIES: Final = 5


class NoIdentityError(ValueError):
    """A person cannot be known by nothing: hand over a phone or a user id."""


class IdentityContestedError(RuntimeError):
    """Others kept making the same person known at the same time: try again."""


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """A row of ``contacts_identity`` without its contact; see the model for what each column holds."""

    kind: IdentityKind
    value_sealed: bytes
    value_hash: bytes
    suppression_hash: bytes
    tail_hashes: list[bytes]


def new_identity(kind: IdentityKind, value: str, *, keys: Keyring | None = None) -> NewIdentity:
    """Seal and hash an identity.  value: its normal form (E.164 with plus, lower-case e-mail …)."""
    keys = keys or keyring()
    return NewIdentity(
        kind=kind,
        value_sealed=keys.seal(value.encode(), purpose=PURPOSE),
        value_hash=keys.hash(value, kind=kind),
        suppression_hash=keys.suppression_hash(value, kind=kind),
        tail_hashes=keys.tails(value.removeprefix("+")) if kind == IdentityKind.PHONE else [],
    )


def find(
    workspace_id: int, identities: Iterable[tuple[IdentityKind, str]]
) -> dict[tuple[IdentityKind, str], int]:
    """Give the contact of each identity that is known; unknown ones are left out.  One query, whatever their number.

    identities: kind and value in its normal form.
    """
    keys = keyring()
    by_hash = {keys.hash(value, kind=kind): (kind, value) for kind, value in identities}
    with connection.cursor() as cursor:
        cursor.execute(queries["find"], {"workspace": workspace_id, "hashes": list(by_hash)})
        return {by_hash[bytes(row[0])]: row[1] for row in cursor.fetchall()}


def ensure(
    workspace_id: int,
    *,
    phone: str = "",
    bsuid: str = "",
    previous_bsuid: str = "",
    first_name: str = "",
    at: datetime,
) -> int:
    """Give the contact whom these identities name, made if nobody is known by them, and know them by all of them.

    phone: E.164, with or without the plus, as Meta writes ``wa_id``.  previous_bsuid: the id that ``bsuid`` replaces.
    first_name: for a new contact only.  Where the identities belong to two contacts, Meta tells us that they are one
    person: all identities go to the older one.  So leaving covers them all; consent that the other gave is not taken
    over (doubt means no send).  Safe to repeat.  2 queries for somebody known.  Raises NoIdentityError.
    """
    wanted = _wanted(phone, bsuid, previous_bsuid)
    for _ in range(_TRIES):
        with transaction.atomic():
            contacts = _contacts_of(workspace_id, wanted)
            known = {hash_ for _, hash_ in contacts}
            contact_id = min((contact for contact, _ in contacts), default=0)
            if not contact_id:
                contact_id = _make_contact(workspace_id, phone, first_name, at)
            _bring_together(workspace_id, contact_id, {contact for contact, _ in contacts})
            missing = [identity for identity in wanted if identity.value_hash not in known]
            if _add(workspace_id, contact_id, missing) == len(missing):
                return contact_id
            # Somebody else made the same person known since we looked: begin again with what they wrote.
            transaction.set_rollback(True)
    raise IdentityContestedError(IdentityContestedError.__doc__)


def _wanted(phone: str, bsuid: str, previous_bsuid: str) -> list[NewIdentity]:
    values = [
        (IdentityKind.PHONE, f"+{phone.removeprefix('+')}" if phone else ""),
        (IdentityKind.BSUID, bsuid),
        (IdentityKind.BSUID, previous_bsuid),
    ]
    keys = keyring()
    wanted = [new_identity(kind, value, keys=keys) for kind, value in dict.fromkeys(values) if value]
    if not wanted:
        raise NoIdentityError(NoIdentityError.__doc__)
    return wanted


def _contacts_of(workspace_id: int, wanted: Sequence[NewIdentity]) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        hashes = [identity.value_hash for identity in wanted]
        cursor.execute(queries["lock"], {"workspace": workspace_id, "hashes": hashes})
        return [(row[1], bytes(row[0])) for row in cursor.fetchall()]


def _make_contact(workspace_id: int, phone: str, first_name: str, at: datetime) -> int:
    try:
        country = parse_phone(f"+{phone.removeprefix('+')}").country if phone else ""
    except BadPhoneError:
        # Meta knows numbers that the tables of a library do not know yet.
        country = ""
    with connection.cursor() as cursor:
        cursor.execute(
            queries["make_contact"],
            {"workspace": workspace_id, "first_name": first_name[:120], "country": country, "at": at},
        )
        return int(cursor.fetchone()[0])


def _bring_together(workspace_id: int, contact_id: int, contacts: set[int]) -> None:
    others = sorted(contacts - {contact_id})
    if others:
        with connection.cursor() as cursor:
            cursor.execute(
                queries["bring_together"],
                {"workspace": workspace_id, "contact": contact_id, "others": others},
            )


def _add(workspace_id: int, contact_id: int, identities: Sequence[NewIdentity]) -> int:
    if not identities:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            queries["add"],
            {
                "workspace": workspace_id,
                "contact": contact_id,
                "kinds": [str(identity.kind) for identity in identities],
                "sealed": [identity.value_sealed for identity in identities],
                "hashes": [identity.value_hash for identity in identities],
                "suppressions": [identity.suppression_hash for identity in identities],
                "tails": [_as_array(identity.tail_hashes) for identity in identities],
            },
        )
        return int(cursor.rowcount)


def _as_array(hashes: Sequence[bytes]) -> str:
    """Write byte strings as an array literal: arrays of arrays must be rectangular, these are not."""
    return "{" + ",".join(f'"\\\\x{hash_.hex()}"' for hash_ in hashes) + "}"
