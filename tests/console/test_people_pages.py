"""What a member does with a file of people and with one person, beside what the browser's journeys show."""

import csv
import io

import pytest
from django.test import Client

from difusio.accounts.models import Workspace
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
