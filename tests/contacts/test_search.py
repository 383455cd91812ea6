"""People are found by what one remembers of them, and only in their own workspace."""

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection

from difusio.contacts.models import NAME_WORDS, Contact
from difusio.contacts.search import masked, search
from tests import cast
from tests.cast import Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    ona = cast.shop()
    for first, last, phone in (
        ("Mercè", "Puig Vilardell", "+34600111221"),
        ("Marcel·la", "d'Àvila i Bach", "+34600111222"),
        ("Iñaki", "Etxeberria", "+34699555222"),
    ):
        contact = cast.person(ona, first, phone=phone)
        contact.last_name = last
        contact.save()
    cast.identity(contact, "email", "inaki@example.org")
    cast.identity(contact, "customer", "C-0042")
    elsewhere = cast.person(cast.shop(), "Mercè", phone="+34600111221")
    elsewhere.last_name = "Puig"
    elsewhere.save()
    return ona


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["Iñaki", "Marcel·la", "Mercè"]),
        ("merce", ["Mercè"]),
        ("MERCÈ puig", ["Mercè"]),
        ("vilar mer", ["Mercè"]),
        ("marcel·la", ["Marcel·la"]),
        ("marcel", ["Marcel·la"]),
        ("avila", ["Marcel·la"]),
        ("inaki", ["Iñaki"]),
        ("puig iñaki", []),
        ("600 111 221", ["Mercè"]),
        ("+34 600 111 222", ["Marcel·la"]),
        ("0034600111222", ["Marcel·la"]),
        ("5222", ["Iñaki"]),
        ("111222", ["Marcel·la"]),
        ("222", []),
        ("Inaki@Example.org", ["Iñaki"]),
        ("C-0042", ["Iñaki"]),
        ("' OR 1=1 --", []),
        ("a:* & !b", ["Marcel·la"]),
        ("🎄", []),
    ],
)
def it_finds_people_by_what_one_remembers(ona: Shop, text: str, names: list[str]) -> None:
    found = search(text, workspace_id=ona.workspace.pk, country="ES")

    assert [contact.first_name for contact in found] == names


def it_asks_the_index_of_names(ona: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    asked = SearchQuery("puig:*", config="simple", search_type="raw")
    # Without the workspace, whose index is as good for three people.
    plan = Contact.objects.annotate(words=NAME_WORDS).filter(words=asked).explain()

    assert "contacts_by_name" in plan


def it_shows_no_more_of_a_phone_than_tells_people_apart() -> None:
    assert masked("+34600111221") == "••• ••• 221"
