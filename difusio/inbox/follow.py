"""Follow a person to a new phone or user id: consent, suppression and what waits for them go along."""

from datetime import datetime

from django.db import transaction

from difusio.cloud_api.news import IdentityChange
from difusio.consent.leave import follow as follow_leaving
from difusio.contacts.identities import ensure, find
from difusio.contacts.models import IdentityKind


def follow(change: IdentityChange, *, workspace_id: int, at: datetime) -> int | None:
    """Know the person by their new identities too; give the contact, or None for somebody we do not know.

    The old ones stay: whoever left by them has left.  The newest phone is the one that is written to.
    Repeating the call changes nothing.
    """
    old = [(IdentityKind.PHONE, change.old_phone), (IdentityKind.BSUID, change.old_user_id)]
    with transaction.atomic():
        known = find(workspace_id, [(kind, value) for kind, value in old if value])
        if not known or not (change.new_phone or change.new_user_id):
            return None
        contact_id = ensure(
            workspace_id,
            phone=change.new_phone,
            user_id=change.new_user_id,
            previous_phone=change.old_phone if (IdentityKind.PHONE, change.old_phone) in known else None,
            previous_user_id=change.old_user_id,
            at=at,
        )
        follow_leaving({contact_id: at})
    return contact_id
