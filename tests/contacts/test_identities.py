"""How people are known, found and brought together."""

from datetime import UTC, datetime

import pytest

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.contacts.identities import NoIdentityError, ensure, find, new_identity
from difusio.contacts.models import Contact, Identity, IdentityKind

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PHONE = "+34600123456"
USER_ID = "ES.13491208655302741918"


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(name="Shop", created_at=NOW)


def _values(contact_id: int) -> list[tuple[str, str, str]]:
    return [
        (row.kind, row.country, keyring().open(row.value_sealed, purpose="contacts.identity").decode())
        for row in Identity.objects.filter(contact_id=contact_id).order_by("id")
    ]


def it_makes_a_contact_of_somebody_unknown(shop: Workspace) -> None:
    contact_id = ensure(shop.pk, phone="34600123456", user_id=USER_ID, profile_name="Asha", at=NOW)

    contact = Contact.objects.get(pk=contact_id)
    assert (contact.first_name, contact.country, contact.is_made_up) == ("Asha", "ES", False)
    assert _values(contact_id) == [("phone", "ES", PHONE), ("bsuid", "ES", USER_ID)]


def it_gives_the_same_contact_again_and_changes_nothing(shop: Workspace) -> None:
    first = ensure(shop.pk, phone=PHONE, user_id=USER_ID, profile_name="Asha", at=NOW)

    assert ensure(shop.pk, phone=PHONE, user_id=USER_ID, profile_name="Other", at=NOW) == first
    assert ensure(shop.pk, phone="34600123456", at=NOW) == first
    assert ensure(shop.pk, user_id=USER_ID, at=NOW) == first
    assert Contact.objects.get().first_name == "Asha"
    assert Identity.objects.count() == 2


def it_links_a_user_id_to_somebody_known_by_phone_and_back(shop: Workspace) -> None:
    by_phone = ensure(shop.pk, phone=PHONE, at=NOW)
    by_user_id = ensure(shop.pk, user_id="ES.2", at=NOW)

    assert ensure(shop.pk, phone=PHONE, user_id=USER_ID, at=NOW) == by_phone
    assert ensure(shop.pk, phone="34600000002", user_id="ES.2", at=NOW) == by_user_id
    assert [kind for kind, _, _ in _values(by_phone)] == ["phone", "bsuid"]
    assert [kind for kind, _, _ in _values(by_user_id)] == ["bsuid", "phone"]


def it_keeps_the_link_when_meta_renews_a_user_id(shop: Workspace) -> None:
    contact_id = ensure(shop.pk, user_id="ES.1", at=NOW)

    assert ensure(shop.pk, user_id="ES.2", previous_user_id="ES.1", at=NOW) == contact_id
    assert ensure(shop.pk, user_id="ES.2", at=NOW) == contact_id


def it_brings_all_identities_to_the_older_contact_when_two_turn_out_to_be_one(shop: Workspace) -> None:
    older = ensure(shop.pk, phone=PHONE, at=NOW)
    younger = ensure(shop.pk, user_id=USER_ID, at=NOW)

    assert ensure(shop.pk, phone=PHONE, user_id=USER_ID, at=NOW) == older
    assert [kind for kind, _, _ in _values(older)] == ["phone", "bsuid"]
    assert _values(younger) == []


def it_keeps_workspaces_apart(shop: Workspace) -> None:
    elsewhere = Workspace.objects.create(name="Elsewhere", created_at=NOW)

    assert ensure(shop.pk, phone=PHONE, at=NOW) != ensure(elsewhere.pk, phone=PHONE, at=NOW)


def it_knows_numbers_that_no_table_knows(shop: Workspace) -> None:
    contact_id = ensure(shop.pk, phone="999123", at=NOW)

    assert _values(contact_id) == [("phone", "", "+999123")]


def it_refuses_to_know_somebody_by_nothing(shop: Workspace) -> None:
    with pytest.raises(NoIdentityError):
        ensure(shop.pk, phone=None, user_id="", at=NOW)


def it_finds_many_at_once_and_leaves_out_the_unknown(shop: Workspace) -> None:
    asha = ensure(shop.pk, phone=PHONE, at=NOW)
    bilal = ensure(shop.pk, user_id=USER_ID, at=NOW)

    found = find(
        shop.pk,
        [(IdentityKind.PHONE, PHONE), (IdentityKind.BSUID, USER_ID), (IdentityKind.PHONE, "+34600999999")],
    )

    assert found == {(IdentityKind.PHONE, PHONE): asha, (IdentityKind.BSUID, USER_ID): bilal}


def it_searches_by_the_last_digits_of_a_phone_alone() -> None:
    phone = new_identity(IdentityKind.PHONE, PHONE)

    assert phone.tail_hashes == keyring().tails("34600123456")
    assert keyring().tail("3456") in phone.tail_hashes
    assert new_identity(IdentityKind.CUSTOMER, "17850").tail_hashes == []
