"""Correct what is known of a person; how they are known and what they agreed to are not changed here."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from django.db import transaction

from difusio.accounts.audit import record
from difusio.contacts.models import Contact

EDITABLE = ("first_name", "last_name", "language", "time_zone", "fields")


def edit(contact_id: int, *, changes: Mapping[str, object], by: str, at: datetime) -> list[str]:
    """Write the values of ``changes`` (of EDITABLE) and give the names of those that differ.  Safe to repeat.

    fields: those that change; an empty one is gone, the others stay.
    """
    with transaction.atomic():
        contact = Contact.objects.select_for_update(no_key=True).get(pk=contact_id)
        values = dict(changes)
        if "fields" in changes:
            # Only the fields among EDITABLE are a mapping, which the type of changes cannot say.
            told = cast("Mapping[str, object]", changes["fields"])
            merged = {**contact.fields, **told}
            values["fields"] = {name: value for name, value in merged.items() if told.get(name) != ""}
        changed = [name for name in EDITABLE if name in values and getattr(contact, name) != values[name]]
        for name in changed:
            setattr(contact, name, values[name])
        if changed:
            contact.save(update_fields=changed)
            # What changed, not to what: names and fields are the person's own.
            record(
                workspace_id=contact.workspace_id,
                actor=by,
                act="contact.changed",
                details={"contact": contact_id, "changed": changed},
                at=at,
            )
    return changed
