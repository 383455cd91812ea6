"""A person is made known and corrected by hand."""

import pytest

from difusio.accounts.models import AuditEntry
from difusio.contacts.add import KnownAlreadyError, NobodyError, NoEmailError, NoPhoneError, add
from difusio.contacts.edit import edit
from difusio.contacts.identities import find
from difusio.contacts.models import Contact, IdentityKind
from tests import cast
from tests.cast import NOON, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    return cast.shop()


def _add(ona: Shop, **facts: str) -> int:
    return add(
        ona.workspace.pk,
        country="ES",
        details={"first_name": "Asha", "language": "ca"},
        by="user 7",
        at=NOON,
        **facts,
    )


def it_makes_a_person_known_by_all_that_was_told(ona: Shop) -> None:
    asha = _add(ona, phone="600 111 221", email=" Asha@Example.org", customer="C-1")

    told = [
        (IdentityKind.PHONE, "+34600111221"),
        (IdentityKind.EMAIL, "asha@example.org"),
        (IdentityKind.CUSTOMER, "C-1"),
    ]
    assert find(ona.workspace.pk, told) == dict.fromkeys(told, asha)
    contact = Contact.objects.get(pk=asha)
    assert (contact.first_name, contact.language, contact.country) == ("Asha", "ca", "ES")
    assert AuditEntry.objects.get().details == {"contact": asha}


def it_makes_nobody_twice_and_says_who_it_is(ona: Shop) -> None:
    asha = _add(ona, phone="600 111 221")

    with pytest.raises(KnownAlreadyError) as error:
        _add(ona, phone="+34 600111221", email="another@example.org")

    assert error.value.contact_id == asha
    assert Contact.objects.count() == 1


def it_says_what_is_wrong(ona: Shop) -> None:
    for facts, error in (
        ({}, NobodyError),
        ({"phone": "12"}, NoPhoneError),
        ({"email": "asha"}, NoEmailError),
    ):
        with pytest.raises(error):
            _add(ona, **facts)
    assert not Contact.objects.exists()


def it_corrects_what_differs_and_writes_down_what_not_to_what(ona: Shop) -> None:
    asha = cast.person(ona, "Asha", fields={"size": "M"})
    changes = {"first_name": "Aisha", "language": "ca", "fields": {"size": "L"}}

    assert edit(asha.pk, changes=changes, by="user 7", at=NOON) == ["first_name", "fields"]
    assert edit(asha.pk, changes=changes, by="user 7", at=NOON) == []

    asha.refresh_from_db()
    assert (asha.first_name, asha.fields) == ("Aisha", {"size": "L"})
    assert AuditEntry.objects.get().details == {"contact": asha.pk, "changed": ["first_name", "fields"]}


def it_changes_the_fields_that_it_is_told_of_and_leaves_the_others(ona: Shop) -> None:
    asha = cast.person(ona, "Asha", fields={"size": "M", "colour": "red", "visits": 3})

    edit(asha.pk, changes={"fields": {"size": "L", "colour": "", "shop": "Vic"}}, by="user 7", at=NOON)

    asha.refresh_from_db()
    assert asha.fields == {"size": "L", "visits": 3, "shop": "Vic"}
