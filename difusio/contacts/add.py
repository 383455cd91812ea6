"""Make one person known by hand."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from difusio.accounts.audit import record
from difusio.common.phone import BadPhoneError, parse_phone
from difusio.common.sentences import SentenceError
from difusio.contacts.identities import NewIdentity, find, new_identity
from difusio.contacts.models import Contact, Identity, IdentityKind

_EMAIL: Final = re.compile(r"[^\s@,;<>]{1,64}@[^\s@,;<>]{1,180}\.[^\s@,;<>.]{2,}")


class ContactError(SentenceError):
    """The person cannot be stored as they are told."""


class NobodyError(ContactError):
    """A person needs something to be known by: a phone, an e-mail address or a number of yours."""


class NoPhoneError(ContactError):
    """This is not a phone number that exists: write it with its country code, as +34 600 123 456."""


class NoEmailError(ContactError):
    """This is not an e-mail address: write it as anna@example.org."""


class KnownAlreadyError(ContactError):
    """Somebody is known by this phone, address or number already: look at their page instead."""

    contact_id = 0


def add(
    workspace_id: int,
    *,
    phone: str = "",
    email: str = "",
    customer: str = "",
    country: str,
    details: Mapping[str, str],
    by: str,
    at: datetime,
) -> int:
    """Make a contact and give its id.  country: of a phone without a country code.

    details: first_name, last_name, language, time_zone, those that are known.
    Raises NobodyError, NoPhoneError, NoEmailError, and KnownAlreadyError with ``contact_id``.
    """
    named = _named(phone, email, customer, country)
    if not named:
        raise NobodyError(NobodyError.__doc__)
    with transaction.atomic():
        known = find(workspace_id, [(kind, value) for kind, value, _ in named])
        if known:
            error = KnownAlreadyError(KnownAlreadyError.__doc__)
            error.contact_id = min(known.values())
            raise error
        contact = Contact.objects.create(
            workspace_id=workspace_id,
            country=next((lives for kind, _, lives in named if kind == IdentityKind.PHONE), ""),
            created_at=at,
            **details,
        )
        Identity.objects.bulk_create(
            _row(contact, new_identity(kind, value, country=lives)) for kind, value, lives in named
        )
        record(
            workspace_id=workspace_id, actor=by, act="contact.added", details={"contact": contact.pk}, at=at
        )
    return contact.pk


def _named(phone: str, email: str, customer: str, country: str) -> list[tuple[IdentityKind, str, str]]:
    named: list[tuple[IdentityKind, str, str]] = []
    if phone.strip():
        try:
            read = parse_phone(phone, country=country)
        except BadPhoneError:
            raise NoPhoneError(NoPhoneError.__doc__) from None
        named.append((IdentityKind.PHONE, read.e164, read.country))
    if email.strip():
        if not _EMAIL.fullmatch(email.strip()):
            raise NoEmailError(NoEmailError.__doc__)
        named.append((IdentityKind.EMAIL, email.strip().lower(), ""))
    if customer.strip():
        named.append((IdentityKind.CUSTOMER, customer.strip(), ""))
    return named


def _row(contact: Contact, new: NewIdentity) -> Identity:
    return Identity(
        workspace_id=contact.workspace_id,
        contact=contact,
        kind=new.kind,
        country=new.country,
        value_sealed=new.value_sealed,
        value_hash=new.value_hash,
        suppression_hash=new.suppression_hash,
        tail_hashes=new.tail_hashes,
    )
