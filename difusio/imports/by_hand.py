"""Bring one person in by hand, with what they agreed to: both, or neither."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from difusio.accounts.models import Workspace
from difusio.consent.grant import grant
from difusio.contacts.add import add


@dataclass(frozen=True, slots=True)
class Agreed:
    """What ``consent.grant`` asks for."""

    topic_id: int
    wording: str
    language: str
    source: str
    proof: str
    given_at: datetime


def bring(
    workspace: Workspace,
    *,
    phone: str,
    email: str,
    customer: str,
    details: Mapping[str, str],
    agreed: Agreed | None,
    by: str,
    at: datetime,
) -> int:
    """Make a contact and write their consent down, if there is one; give the contact.

    Raises ContactError and GrantError in all their kinds.
    """
    with transaction.atomic():
        contact_id = add(
            workspace.pk,
            phone=phone,
            email=email,
            customer=customer,
            country=workspace.country,
            details=details,
            by=by,
            at=at,
        )
        if agreed:
            record_agreed(contact_id, workspace_id=workspace.pk, agreed=agreed, by=by, at=at)
    return contact_id


def record_agreed(contact_id: int, *, workspace_id: int, agreed: Agreed, by: str, at: datetime) -> int:
    """Write down what somebody who is known agreed to; give the entry.  Raises GrantError in all its kinds."""
    return grant(
        contact_id,
        workspace_id=workspace_id,
        topic_id=agreed.topic_id,
        wording=agreed.wording,
        language=agreed.language,
        source=agreed.source,
        proof=agreed.proof,
        given_at=agreed.given_at,
        by=by,
        at=at,
    )
