"""The ways a person is known: made ready to be stored, found again, and joined when they turn out to be one person's.

``imports`` writes identities in bulk with ``new_identity``; whoever writes to us unknown comes in through ``ensure``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from difusio.common.binding import binding_cursor, listed
from difusio.common.keyring import keyring
from difusio.common.phone import BadPhoneError, parse_phone
from difusio.common.sealed import Keyring
from difusio.common.sql import Queries
from difusio.contacts.models import IdentityKind

queries = Queries(Path(__file__).with_suffix(".sql"))

PURPOSE: Final = "contacts.identity"
# Two transactions that make the same person known lose to each other at most once each.
_TRIES: Final = 5
_COUNTRY_LETTERS: Final = 2
_MAX_NAME: Final = 120


class NoIdentityError(ValueError):
    """A person cannot be known by nothing: hand over a phone or a user id."""


class IdentityContestedError(RuntimeError):
    """Others kept making the same person known at the same time: try again."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote a message, as Meta names them; see ``ensure``.  at: when it came in."""

    phone: str | None
    user_id: str | None
    profile_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """A row of ``contacts_identity`` without its contact; see the model for what each column holds."""

    kind: IdentityKind
    country: str
    value_sealed: bytes
    value_hash: bytes
    suppression_hash: bytes
    tail_hashes: list[bytes]


def new_identity(
    kind: IdentityKind, value: str, *, country: str = "", keys: Keyring | None = None
) -> NewIdentity:
    """Seal and hash an identity.  value: its normal form (E.164 with plus, lower-case e-mail …).

    country: of a phone whose country the caller knows already; a user id names its own.
    """
    keys = keys or keyring()
    return NewIdentity(
        kind=kind,
        country=_user_id_country(value) if kind == IdentityKind.BSUID else country,
        value_sealed=keys.seal(value.encode(), purpose=PURPOSE),
        value_hash=keys.hash(value, kind=kind),
        suppression_hash=keys.suppression_hash(value, kind=kind),
        tail_hashes=keys.tails(value.removeprefix("+")) if kind == IdentityKind.PHONE else [],
    )


def opened(kinds: Sequence[str] | None, sealed: Sequence[bytes] | None) -> dict[str, str]:
    """Open a person's identities for an export: kind → value, of several of a kind the last one given."""
    keys = keyring()
    return {
        kind: keys.open(value, purpose=PURPOSE).decode()
        for kind, value in zip(kinds or (), sealed or (), strict=True)
    }


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
    phone: str | None = "",
    user_id: str | None = "",
    previous_phone: str | None = "",
    previous_user_id: str | None = "",
    profile_name: str = "",
    at: datetime,
) -> int:
    """Give the contact whom these identities name, made if nobody is known by them, and know them by all of them.

    phone: E.164, with or without the plus, as Meta writes ``wa_id``.  user_id: the business-scoped one (BSUID).
    previous_phone, previous_user_id: those that they replace.
    profile_name: the first name of a contact made now, of no other.
    Where the identities belong to two contacts, Meta tells us that they are one person: all identities go to the
    older one.  So leaving covers them all; consent that the other gave is not taken over (doubt means no send).
    Safe to repeat.  1 query for somebody known.  Raises NoIdentityError, IdentityContestedError.
    """
    named = _named((phone, previous_phone), (user_id, previous_user_id))
    hashes = _hashes(named)
    with transaction.atomic(savepoint=False):
        known = _contacts_of(workspace_id, hashes)
    if _is_one(known, hashes):
        return known[hashes[0]]
    wanted = [_new(kind, value) for kind, value in named]
    for _ in range(_TRIES):
        with transaction.atomic():
            known = _contacts_of(workspace_id, hashes)
            contact_id = min(known.values(), default=0)
            if not contact_id:
                contact_id = _make_contact(workspace_id, wanted[0].country, profile_name, at)
            _bring_together(workspace_id, contact_id, set(known.values()))
            missing = [identity for identity in wanted if identity.value_hash not in known]
            if _add(workspace_id, contact_id, missing) == len(missing):
                return contact_id
            # Somebody else made the same person known since we looked: begin again with what they wrote.
            transaction.set_rollback(True)
    raise IdentityContestedError(IdentityContestedError.__doc__)


def ensure_all(workspace_id: int, writers: Sequence[Writer]) -> list[int]:
    """Give the contact of each writer, in their order, as ``ensure`` does one by one.

    Cost: 1 query where all are known by all that names them.  Raises NoIdentityError, IdentityContestedError.
    """
    hashes = [_hashes(_named((writer.phone,), (writer.user_id,))) for writer in writers]
    everybody = [hash_ for of_one in hashes for hash_ in of_one]
    with transaction.atomic(savepoint=False):
        known = _contacts_of(workspace_id, everybody)
        strangers = [
            writer for writer, of_one in zip(writers, hashes, strict=True) if not _is_one(known, of_one)
        ]
        for writer in strangers:
            ensure(
                workspace_id,
                phone=writer.phone,
                user_id=writer.user_id,
                profile_name=writer.profile_name,
                at=writer.at,
            )
        if strangers:
            # Two who were thought to be different may be one person now.
            known = _contacts_of(workspace_id, everybody)
    return [known[of_one[0]] for of_one in hashes]


def _named(phones: Iterable[str | None], user_ids: Iterable[str | None]) -> list[tuple[IdentityKind, str]]:
    """Bring what names a person into its normal form, phones first, nothing twice."""
    numbers = dict.fromkeys(f"+{phone.removeprefix('+')}" for phone in phones if phone)
    named = [(IdentityKind.PHONE, e164) for e164 in numbers]
    named += [(IdentityKind.BSUID, value) for value in dict.fromkeys(user_ids) if value]
    if not named:
        raise NoIdentityError(NoIdentityError.__doc__)
    return named


def _hashes(named: Iterable[tuple[IdentityKind, str]]) -> list[bytes]:
    keys = keyring()
    return [keys.hash(value, kind=kind) for kind, value in named]


def _is_one(known: Mapping[bytes, int], hashes: Sequence[bytes]) -> bool:
    """Say whether all of these are known, and of one contact."""
    contacts = {known.get(hash_) for hash_ in hashes}
    return len(contacts) == 1 and None not in contacts


def _new(kind: IdentityKind, value: str) -> NewIdentity:
    return new_identity(kind, value, country=_phone_country(value) if kind == IdentityKind.PHONE else "")


def _phone_country(e164: str) -> str:
    try:
        return parse_phone(e164).country
    except BadPhoneError:
        # Meta knows numbers that the tables of a library do not know yet.
        return ""


def _user_id_country(user_id: str) -> str:
    """Read the country that a BSUID begins with: ``ES.13491208655302741918``."""
    country, point, _ = user_id.partition(".")
    return country.upper() if point and len(country) == _COUNTRY_LETTERS and country.isalpha() else ""


def _contacts_of(workspace_id: int, hashes: Sequence[bytes]) -> dict[bytes, int]:
    with binding_cursor() as cursor:
        cursor.execute(queries["lock"], {"workspace": workspace_id, "hashes": listed(hashes)})
        return {bytes(row[0]): row[1] for row in cursor.fetchall()}


def _make_contact(workspace_id: int, country: str, first_name: str, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            queries["make_contact"],
            {"workspace": workspace_id, "first_name": first_name[:_MAX_NAME], "country": country, "at": at},
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
                "countries": [identity.country for identity in identities],
                "sealed": [identity.value_sealed for identity in identities],
                "hashes": [identity.value_hash for identity in identities],
                "suppressions": [identity.suppression_hash for identity in identities],
                "tails": [as_array(identity.tail_hashes) for identity in identities],
            },
        )
        return int(cursor.rowcount)


def as_array(hashes: Sequence[bytes]) -> str:
    """Write byte strings as an array literal: arrays of arrays must be rectangular, these are not."""
    return "{" + ",".join(f'"\\\\x{hash_.hex()}"' for hash_ in hashes) + "}"
