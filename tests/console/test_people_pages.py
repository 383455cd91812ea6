"""What a member does with a file of people and with one person, beside what the browser's journeys show."""

import csv
import io

import pytest
from django.test import Client

from difusio.accounts.models import Workspace
from difusio.contacts.models import Contact
from difusio.imports.choices import Choices
from difusio.imports.uploads import choose, receive, take
from difusio.work.worker import work_once
from tests.console.cast import NOON

pytestmark = pytest.mark.django_db


def _taken_in(workspace: Workspace, text: str) -> int:
    upload = receive(workspace.pk, file_name="gent.csv", content=[text.encode()], by="user 7", at=NOON)
    choose(upload.pk, choices=Choices())
    while work_once(owner="test"):
        pass
    take(upload.pk)
    while work_once(owner="test"):
        pass
    return upload.pk


@pytest.mark.parametrize(
    ("delimiter", "heading"),
    [
        (",", "Adreça; pis; porta"),
        (";", "Adreça (carrer, número)"),
        ("\t", "Adreça (carrer, número; pis | porta)"),
        ("|", "Adreça (carrer, número)"),
        (";", "Adreça; també la d'estiu"),
    ],
)
def it_hands_out_the_refused_rows_parted_as_the_file_was_whatever_its_headings_hold(
    client: Client, workspace: Workspace, delimiter: str, heading: str
) -> None:
    headings = ["Nom", "Mòbil", heading, 'Diu "hola"']
    rows = [["Asha", "600111221", "Nou, 1", "sí"], ["Chen", "12", "Vell, 2; 1r", "no"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([headings, *rows])
    upload_id = _taken_in(workspace, text.getvalue())

    answer = client.get(f"/contacts/import/{upload_id}/refused/")

    read = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")), delimiter=delimiter))
    assert read[0][2:] == headings
    assert [(row[0], row[2:]) for row in read[1:]] == [("3", rows[1])]


def _opened(client: Client, contact: Contact) -> dict[str, str]:
    """Open the page that corrects a person; give what its form sends when nobody changes anything."""
    form = client.get(f"/contacts/{contact.pk}/edit/").context["form"]
    sent = {}
    for field in form:
        sent[field.html_name] = str(field.value() or "")
        if field.field.show_hidden_initial:
            sent[field.html_initial_name] = sent[field.html_name]
    return sent


def _input_of(client: Client, contact: Contact, label: str) -> str:
    form = client.get(f"/contacts/{contact.pk}/edit/").context["form"]
    return next(str(field.html_name) for field in form if field.label == label)


def it_corrects_only_what_somebody_changed_whatever_a_file_brought_meanwhile(
    client: Client, workspace: Workspace
) -> None:
    asha = Contact.objects.create(
        workspace=workspace, first_name="Asha", fields={"Número": 3, "Talla (cm)": "M"}, created_at=NOON
    )
    sent = _opened(client, asha)
    size = _input_of(client, asha, "Talla (cm)")
    Contact.objects.filter(pk=asha.pk).update(
        last_name="Puig", fields={"Altra": "z", "Color": "blau", "Número": 4, "Talla (cm)": "M"}
    )

    client.post(f"/contacts/{asha.pk}/edit/", {**sent, size: "L"})

    asha.refresh_from_db()
    assert (asha.first_name, asha.last_name) == ("Asha", "Puig")
    assert asha.fields == {"Altra": "z", "Color": "blau", "Número": 4, "Talla (cm)": "L"}


def it_takes_an_emptied_field_away_and_adds_a_new_one(client: Client, workspace: Workspace) -> None:
    asha = Contact.objects.create(
        workspace=workspace, fields={"Color": "blau", "Talla": "M"}, created_at=NOON
    )
    emptied = {_input_of(client, asha, "Color"): "", "new_name": "Botiga", "new_value": "Vic"}

    client.post(f"/contacts/{asha.pk}/edit/", {**_opened(client, asha), **emptied})

    asha.refresh_from_db()
    assert asha.fields == {"Talla": "M", "Botiga": "Vic"}


def it_keeps_the_time_zone_and_language_that_a_file_brought(client: Client, workspace: Workspace) -> None:
    asha = Contact.objects.create(workspace=workspace, time_zone="UTC", language="fr", created_at=NOON)
    page = client.get(f"/contacts/{asha.pk}/edit/").content.decode()
    assert '<option value="UTC" selected>' in page

    answer = client.post(f"/contacts/{asha.pk}/edit/", {**_opened(client, asha), "first_name": "Aisha"})

    assert answer.status_code == 302
    asha.refresh_from_db()
    assert (asha.first_name, asha.time_zone, asha.language) == ("Aisha", "UTC", "fr")


@pytest.mark.parametrize("key", ["field_", "field_zz", "field_00", "field_ff", "field_0"])
def it_knows_no_field_without_a_name(client: Client, workspace: Workspace, key: str) -> None:
    asha = Contact.objects.create(workspace=workspace, fields={"Talla": "M"}, created_at=NOON)

    answer = client.post(f"/contacts/{asha.pk}/edit/", {key: "L"})

    assert answer.status_code == 302
    asha.refresh_from_db()
    assert asha.fields == {"Talla": "M"}
