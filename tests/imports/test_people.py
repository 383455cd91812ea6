"""People come in once, by any identity, and with consent only where the file proves it."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import Model

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.consent.leave import leave
from difusio.consent.models import Entry, Standing, Topic, TopicKind
from difusio.consent.verify import verify
from difusio.contacts.identities import ensure
from difusio.contacts.models import Contact, Identity
from difusio.imports.orders import import_orders
from difusio.imports.people import import_people
from difusio.imports.result import Imported
from difusio.project.demo.people import write_people
from difusio.project.demo.shop import write_orders
from difusio.segments.count import members
from difusio.segments.tree import parse
from tests.imports.conftest import NOW, Write

CONSENT = "topic,consent,consent_at,consent_wording,consent_source,consent_proof"
GRANT = "offers,granted,2026-03-31 10:00,Yes please,counter,form 7"


def _import(path: Path, shop: Workspace, **more: Any) -> Imported:
    return import_people(path, workspace_id=shop.pk, by="Dana", at=NOW, **more)


def _reasons(result: Imported) -> list[tuple[str, str]]:
    assert result.refused_file is not None
    with result.refused_file.open(encoding="utf-8-sig", newline="") as file:
        return [(row[0], row[1]) for row in list(csv.reader(file))[1:]]


def _identities(contact: Contact) -> list[tuple[str, str]]:
    keys = keyring()
    return sorted(
        (row.kind, keys.open(row.value_sealed, purpose="contacts.identity").decode())
        for row in Identity.objects.filter(contact=contact)
    )


def _everything() -> list[dict[str, Any]]:
    tables: tuple[type[Model], ...] = (Contact, Identity, Entry, Standing)
    return [dict(row) for table in tables for row in table._default_manager.order_by("pk").values()]


def _may_write(shop: Workspace) -> list[int]:
    return list(members(parse({"consent": {"topic": "offers"}}), workspace_id=shop.pk, at=NOW))


def it_takes_a_person_in_with_all_that_the_file_says(shop: Workspace, write: Write) -> None:
    path = write(
        "customer,first_name,last_name,phone,user_id,email,language,country,time_zone,made_up,city,points",
        "17850,Asha,Puig,+34 600 123 456,ES.12345,Asha@Example.org,Català,Spain,Europe/Madrid,yes,Vic,",
    )

    result = _import(path, shop)

    contact = Contact.objects.get()
    assert (result.rows, result.taken, result.contacts_new, result.entries) == (1, 1, 1, 0)
    assert (contact.first_name, contact.last_name, contact.language, contact.country) == (
        "Asha",
        "Puig",
        "ca",
        "ES",
    )
    assert (contact.time_zone, contact.fields, contact.is_made_up) == ("Europe/Madrid", {"city": "Vic"}, True)
    assert _identities(contact) == [
        ("bsuid", "ES.12345"),
        ("customer", "17850"),
        ("email", "asha@example.org"),
        ("phone", "+34600123456"),
    ]
    assert Identity.objects.get(kind="phone").country == "ES"
    assert result.notes[-1] == "These columns became fields: city, points."


def it_knows_a_person_by_any_identity_and_adds_the_others(shop: Workspace, write: Write) -> None:
    contact_id = ensure(shop.pk, phone="34600123456", profile_name="Asha", at=NOW)

    result = _import(write("customer;phone;nom", "17850;600 123 456;", name="1.csv"), shop)

    assert (result.contacts_new, result.contacts_updated) == (0, 1)
    contact = Contact.objects.get()
    assert (contact.pk, contact.first_name) == (contact_id, "Asha")
    assert _identities(contact) == [("customer", "17850"), ("phone", "+34600123456")]


def it_overwrites_with_filled_cells_alone(shop: Workspace, write: Write) -> None:
    _import(write("customer,first_name,last_name,city,shoe", "1,Asha,Puig,Vic,40"), shop)

    result = _import(write("customer,first_name,last_name,city,shoe", "1,Aixa,,Berga,"), shop)

    contact = Contact.objects.get()
    assert (result.contacts_new, result.contacts_updated) == (0, 1)
    assert (contact.first_name, contact.last_name) == ("Aixa", "Puig")
    assert contact.fields == {"city": "Berga", "shoe": "40"}


def it_gives_no_consent_to_a_row_that_asserts_none(shop: Workspace, write: Write) -> None:
    _import(write("phone", "+34600123456", name="1.csv"), shop)
    _import(write(f"phone,{CONSENT}", "+34600123457,offers,none,,,,", "+34600123458,,,,,,"), shop)

    assert Contact.objects.count() == 3
    assert not Entry.objects.exists()
    assert _may_write(shop) == []


def it_records_a_grant_with_its_words_source_time_and_the_files_proof(shop: Workspace, write: Write) -> None:
    path = write(f"phone,language,made_up,{CONSENT}", f"+34600123456,es,yes,{GRANT}")

    result = _import(path, shop)

    entry = Entry.objects.select_related("wording").get()
    assert result.entries == 1
    assert (entry.act, entry.basis, entry.source, entry.actor) == ("granted", "consent", "counter", "Dana")
    assert entry.at.isoformat() == "2026-03-31T08:00:00+00:00"
    assert entry.is_made_up
    assert entry.wording is not None
    assert (entry.wording.language, entry.wording.text) == ("es", "Yes please")
    proof = json.loads(keyring().open(entry.proof_sealed, purpose="consent.proof"))
    assert (proof["file"], proof["line"], proof["proof"]) == ("file.csv", 2, "form 7")
    assert len(proof["sha256"]) == 64
    assert _may_write(shop) == [Contact.objects.get().pk]


def it_takes_several_acts_of_one_person(shop: Workspace, write: Write) -> None:
    path = write(
        f"customer,{CONSENT}",
        f"1,{GRANT}",
        "1,offers,withdrawn,2026-04-01 10:00,,web,",
        "2,offers,withdrawn,2026-04-01 10:00,,web,",
        f"2,{GRANT.replace('03-31', '05-01')}",
        "3,offers,withdrawn,,,,",
    )

    result = _import(path, shop)

    assert (result.refused, result.contacts_new, result.entries) == (0, 3, 5)
    second = Identity.objects.get(value_hash=keyring().hash("2", kind="customer"))
    assert _may_write(shop) == [second.contact_id]


def it_changes_nothing_when_the_same_file_comes_again(shop: Workspace, write: Write) -> None:
    path = write(
        f"phone,customer,city,{CONSENT}",
        f"+34600123456,1,Vic,{GRANT}",
        "+34600123456,1,Vic,offers,withdrawn,2026-04-01 10:00,,web,",
        "+34600123457,2,Vic,offers,withdrawn,,,web,",
    )
    _import(path, shop)
    before = _everything()

    again = _import(path, shop)

    assert (again.taken, again.contacts_new, again.contacts_updated, again.entries) == (3, 0, 0, 0)
    assert _everything() == before


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "0000,,,,,,,,,",
            "the phone is no number that exists: write it with its country code, as +34 600 123 456",
        ),
        (
            "3.46E+10,,,,,,,,,",
            "the phone is no number that exists: write it with its country code, as +34 600 123 456",
        ),
        (",,,,,,,,,", None),
        (",,Asha,,,,,,,", "neither phone, user id, e-mail nor customer number"),
        (",13491208655302741918,,,,,,,,", "the user id is none of Meta's, as ES.1349120865530"),
        ('+34600123456,,"=HYPERLINK(""http://x"")",,,,,,,', "the cell under first_name is a formula"),
        ("+34600123456,,@SUM(A1),,,,,,,", "the cell under first_name is a formula"),
        ("+34600123456,,+cmd|' /C calc'!A0,,,,,,,", "the cell under first_name is a formula"),
        ("+34600123456,,Asha,klingon,,,,,,", "the language is unknown: write it as ca, es or en"),
        ("+34600123456,,Asha,,,,,,,,", None),
        ("+34600123456,,Asha,,x,,,,,,9", "the row has 11 cells, the header 10"),
        ("+34600123456,,,,offers,perhaps,,,,", "the consent is none of granted, withdrawn and none"),
        ("+34600123456,,,,,granted,2026-03-31,words,counter,", "a consent without its topic"),
        (
            "+34600123456,,,,offers,granted,,,,",
            "a consent without its proof: consent_wording, consent_source, consent_at missing",
        ),
        (
            "+34600123456,,,,offers,granted,2026-03-31,,counter,",
            "a consent without its proof: consent_wording missing",
        ),
        ("+34600123456,,,,offers,granted,soon,words,counter,", "the consent's time is no date"),
        ("+34600123456,,,,offers,granted,2027-01-01,words,counter,", "the consent's time is in the future"),
        ("+34600123456,,,,chess,granted,2026-03-31,words,counter,", "the topic is unknown in this workspace"),
    ],
)
def it_refuses_a_row_with_a_reason(shop: Workspace, write: Write, row: str, reason: str | None) -> None:
    header = f"phone,user_id,first_name,language,{CONSENT}"

    result = _import(write(header, "+34600999999,,Chen,,,,,,,", row), shop)

    assert result.taken == (1 if reason or row.startswith(",,,") else 2)
    if reason:
        assert _reasons(result) == [("3", reason)]


def it_takes_signs_that_are_no_formulas_as_text(shop: Workspace, write: Write) -> None:
    path = write("phone,handle,balance,note", "+34600123456,@anna,-5,- none -")

    _import(path, shop)

    assert Contact.objects.get().fields == {"handle": "@anna", "balance": "-5", "note": "- none -"}


def it_makes_formulas_harmless_in_the_file_of_refused_rows(shop: Workspace, write: Write) -> None:
    result = _import(write("phone,nom", "+34600123456,=1+1"), shop)

    assert result.refused_file is not None
    assert result.refused_file.read_text("utf-8-sig").splitlines()[1] == (
        "2,the cell under first_name is a formula,'+34600123456,'=1+1"
    )


def it_refuses_rows_that_say_the_same_person_again(shop: Workspace, write: Write) -> None:
    path = write(
        "phone,customer,nom",
        "+34600123456,1,Asha",
        "+34600123457,2,Bilal",
        "600 12 34 56,1,Asha",
        "+34600123456,3,Chen",
        "+34600123458,2,Dana",
    )

    result = _import(path, shop)

    assert result.contacts_new == 2
    assert _reasons(result) == [
        ("4", "the same as line 2"),
        ("5", "the same as line 2"),
        ("6", "the same as line 3"),
    ]


def it_refuses_a_further_act_that_names_another_identity_too(shop: Workspace, write: Write) -> None:
    path = write(
        f"phone,customer,{CONSENT}",
        f"+34600123456,1,{GRANT}",
        f"+34600123456,2,{GRANT.replace('03-31', '04-01')}",
        f"+34600123456,1,{GRANT}",
    )

    result = _import(path, shop)

    assert result.entries == 1
    assert _reasons(result) == [
        ("3", "line 2 has the same phone and other identities"),
        ("4", "the same as line 2"),
    ]


def it_refuses_rows_whose_identities_belong_to_two_people(shop: Workspace, write: Write) -> None:
    ensure(shop.pk, phone="34600123456", at=NOW)
    _import(write("customer", "1"), shop)

    result = _import(
        write(f"phone,customer,{CONSENT}", f"+34600123456,1,{GRANT}", "+34600123456,,offers,withdrawn,,,,"),
        shop,
    )

    assert result.taken == 0
    assert _reasons(result) == [
        ("2", "its phone, user id, e-mail and customer number belong to different people here"),
        ("3", "line 2 about the same person is refused"),
    ]


def it_refuses_a_second_row_about_a_known_person_under_another_identity(
    shop: Workspace, write: Write
) -> None:
    _import(write("phone,customer", "+34600123456,1"), shop)

    result = _import(write("phone,customer,nom", "+34600123456,,Asha", ",1,Aixa"), shop)

    assert _reasons(result) == [("3", "the same person as line 2, known by another identity")]


def it_refuses_a_person_who_was_erased(shop: Workspace, write: Write) -> None:
    contact_id = ensure(shop.pk, phone="34600123456", at=NOW)
    Contact.objects.filter(pk=contact_id).update(erased_at=NOW)

    assert _reasons(_import(write("phone,nom", "+34600123456,Asha"), shop)) == [
        ("2", "this person was erased at their wish")
    ]


def it_leaves_a_person_who_left_unsendable_whatever_is_imported(shop: Workspace, write: Write) -> None:
    path = write(f"phone,{CONSENT}", f"+34600123456,{GRANT}")
    _import(path, shop)
    contact = Contact.objects.get()
    leave(
        contact.pk,
        workspace_id=shop.pk,
        source="test",
        proof=b"STOP",
        actor="the person",
        at=NOW,
        recorded_at=NOW,
    )

    _import(path, shop)
    _import(write(f"phone,{CONSENT}", f"+34600123456,{GRANT.replace('03-31', '11-22')}"), shop)

    assert _may_write(shop) == []


def it_leaves_a_suppressed_phone_unsendable_after_erasure_and_under_another_name(
    shop: Workspace, write: Write
) -> None:
    contact_id = ensure(shop.pk, phone="34600123456", at=NOW)
    leave(
        contact_id,
        workspace_id=shop.pk,
        source="test",
        proof=b"STOP",
        actor="the person",
        at=NOW - timedelta(days=300),
        recorded_at=NOW - timedelta(days=300),
    )
    Identity.objects.all().delete()

    result = _import(write(f"phone,customer,{CONSENT}", f"+34600123456,9,{GRANT}"), shop)

    assert (result.contacts_new, result.entries) == (1, 1)
    assert Standing.objects.filter(may_write=True).count() == 1
    assert _may_write(shop) == []


def it_takes_in_the_demos_people_for_the_customers_of_its_orders(shop: Workspace, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    write_orders(orders, seed=3, yesterday=(NOW - timedelta(days=1)).date(), customers=300)
    made_up = write_people(orders, tmp_path, seed=3, at=NOW, zone=ZoneInfo("Europe/Madrid"))
    first = import_orders(orders, workspace_id=shop.pk, by="demo", at=NOW, shift=made_up.shift)

    people = _import(made_up.people_file, shop)
    consents = _import(made_up.consents_file, shop)

    assert (first.contacts_new, people.contacts_new, people.contacts_updated) == (300, 0, 300)
    assert (people.refused, consents.refused, consents.contacts_updated) == (0, 0, 0)
    assert consents.entries == made_up.granted + made_up.withdrew
    assert Contact.objects.filter(is_made_up=True).count() == 300
    assert not Entry.objects.filter(is_made_up=False).exists()
    assert len(_may_write(shop)) == made_up.granted - made_up.withdrew


def it_keeps_nothing_when_it_fails_half_way(shop: Workspace, write: Write) -> None:
    path = write(f"phone,{CONSENT}", f"+34600123456,{GRANT}", "nonsense,,,,,,")
    Topic.objects.all().delete()
    before = _everything()

    with pytest.raises(FileNotFoundError):
        _import(path, shop, refused_to=path.parent / "no such folder" / "refused.csv")

    assert _everything() == before
    assert [each.name for each in path.parent.iterdir()] == ["file.csv"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_trial", [True, False])
def it_keeps_no_leaving_waiting(tmp_path: Path, is_trial: bool) -> None:  # noqa: FBT001  # a case of the test
    shop = Workspace.objects.create(name="Botiga Ona", country="ES", created_at=NOW)
    Topic.objects.create(workspace=shop, key="offers", name="Ofertes", kind=TopicKind.MARKETING)
    leaver = Contact.objects.create(workspace=shop, created_at=NOW)
    path = tmp_path / "file.csv"
    path.write_text("\n".join((f"phone,{CONSENT}", *(f"+346{line:08d},{GRANT}" for line in range(12_000)))))
    left: list[bool] = []

    def somebody_leaves(phase: str, _done: int, _of: int) -> None:
        if phase == "writing":
            with ThreadPoolExecutor(1) as elsewhere:
                left.append(elsewhere.submit(_leave, leaver.pk, shop.pk).result())

    done = _import(path, shop, is_trial=is_trial, progress=somebody_leaves)

    assert (done.entries, left) == (12_000, [True, False, False])
    assert Entry.objects.count() == (1 if is_trial else 12_001)
    assert verify(shop.pk).holds


def _leave(contact_id: int, workspace_id: int) -> bool:
    """Tell whether somebody leaves now.  Raises OperationalError where that has to wait for 5 s."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            return leave(
                contact_id,
                workspace_id=workspace_id,
                source="test",
                proof=b"STOP",
                actor="person",
                at=NOW,
                recorded_at=NOW,
            ).is_new
    finally:
        connection.close()
