"""The segments' pages without JavaScript: built, counted, explained, copied, deleted."""

import pytest
from django.db import connection
from django.test import Client

from difusio.accounts.models import AuditEntry, Role
from difusio.console.pages import segments as pages
from difusio.contacts.models import Contact
from difusio.segments.count import Counted
from difusio.segments.models import Segment
from tests.console import tour
from tests.console.tour import campaigns, segments, templates

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> tour.Shop:
    shop = tour.bare()
    for part in (campaigns, segments, templates):
        part.furnish(shop)
    return shop


@pytest.fixture
def browser(shop: tour.Shop) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(shop.members[Role.OWNER])
    return client


FORM = {"0.kind": "all", "0-0.kind": "field", "0-0.name": "language", "0-0.test": "in", "0-0.values": "ca"}


def it_builds_saves_and_counts(browser: Client) -> None:
    page = browser.post("/segments/new/", FORM | {"act": "add:0:event", "name": "Half done"})
    assert 'value="Half done"' in page.content.decode()
    assert 'name="0-1.name"' in page.content.decode()
    catalans, everybody = Contact.objects.filter(language="ca").count(), Contact.objects.count()
    assert 0 < catalans < everybody
    counted = browser.post("/segments/new/", FORM | {"act": "count"})
    assert counted.context["answer"].counted == Counted(catalans, everybody)
    others = browser.post("/segments/new/", FORM | {"side": "out"})
    names = [one.name for one in others.context["answer"].examples]
    assert names[:2] == ["Bilal", "<script>alert(1)</script> '; DROP TABLE contacts_contact; --"]
    assert "<script>alert" not in others.content.decode()
    saved = browser.post("/segments/new/", FORM | {"act": "save", "name": "Catalans"})

    segment = Segment.objects.get(name="Catalans")
    assert saved["Location"] == f"/segments/{segment.pk}/"
    counted_anew = browser.post(f"/segments/{segment.pk}/count/")
    told = " ".join(counted_anew.content.decode().split())
    assert f"<strong>{catalans}</strong> of {everybody} contacts" in told
    segment.refresh_from_db()
    assert (segment.counted, segment.counted_of) == (catalans, everybody)


@pytest.mark.django_db(transaction=True)
def it_says_so_when_finding_ten_takes_too_long(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PATIENCE_S", 0.2)
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE contacts_identity")
    try:
        page = browser.post("/segments/new/", FORM | {"act": "count"}).content.decode()
    finally:
        other.close()

    assert "Finding ten of them takes longer than this page waits" in page
    assert "Nobody fits." not in page


def it_says_nobody_and_everybody_when_it_is_so(browser: Client) -> None:
    nobody = FORM | {"0-0.values": "xx", "act": "count"}
    everybody = FORM | {"0.kind": "none", "0-0.values": "xx", "side": "out"}

    assert "Nobody fits." in browser.post("/segments/new/", nobody).content.decode()
    assert "Everybody fits." in browser.post("/segments/new/", everybody).content.decode()


def it_says_why_somebody_fits_or_does_not(browser: Client, shop: tour.Shop) -> None:
    why = browser.get(f"/segments/{shop.ids['segment_id']}/?person={shop.ids['fan_id']}").context["reason"]

    assert (why.holds, why.group) == (True, "all")
    assert [(part.holds, part.group, part.text) for part in why.parts] == [
        (True, "", "Whose language is Catalan or Spanish"),
        (
            True,
            "",
            "Who bought at least 2 times in the last 270 days with at least 40 of “total” in total",
        ),
        (True, "any", ""),
        (
            True,
            "",
            "Who bought from January 1, 2026 to October 31, 2026 with “botiga” equal to “Girona”",
        ),
    ]
    agreed, none_of = why.parts[2].parts
    assert (agreed.holds, none_of.holds, none_of.group) == (False, True, "none")
    assert [part.holds for part in none_of.parts] == [False, False]
    drafted = browser.post("/segments/new/", FORM | {"act": f"why:{shop.ids['fan_id']}"})
    assert drafted.context["reason"].holds is True
    for nobody in ("0", "x", "9" * 30, "999999999"):
        assert "reason" not in browser.get(f"/segments/{shop.ids['segment_id']}/?person={nobody}").context


def it_opens_what_cannot_be_read_as_a_new_question(browser: Client, shop: tour.Shop) -> None:
    broken = Segment.objects.get(pk=shop.ids["simple_segment_id"])
    Segment.objects.filter(pk=broken.pk).update(tree={})

    assert "cannot be read" in browser.get(f"/segments/{broken.pk}/").content.decode()
    assert browser.get(f"/segments/{broken.pk}/edit/").status_code == 200
    answer = browser.post(f"/segments/{broken.pk}/count/", headers={"HX-Request": "true"})
    assert "a condition has exactly one of" in answer.content.decode()


def it_keeps_what_is_used_and_deletes_what_is_not(browser: Client, shop: tour.Shop) -> None:
    used, free = shop.ids["segment_id"], shop.ids["simple_segment_id"]

    assert "A campaign uses this segment" in browser.post(f"/segments/{used}/delete/").content.decode()
    copy = browser.post(f"/segments/{free}/duplicate/")
    browser.post(f"/segments/{free}/delete/")

    assert (
        copy["Location"] == f"/segments/{Segment.objects.get(name='Qui llegeix en català (copy)').pk}/edit/"
    )
    assert not Segment.objects.filter(pk=free).exists()
    acts = AuditEntry.objects.filter(act__startswith="segment.").order_by("seq")
    assert list(acts.values_list("act", flat=True)) == ["segment.added", "segment.deleted"]


def it_changes_a_name_and_refuses_one_that_is_taken(browser: Client, shop: tour.Shop) -> None:
    address = f"/segments/{shop.ids['simple_segment_id']}/edit/"

    taken = browser.post(address, FORM | {"act": "save", "name": "Clients de Girona"})
    assert "There is a segment called Clients de Girona already" in taken.content.decode()
    renamed = browser.post(address, FORM | {"act": "save", "name": "Català"}, headers={"HX-Request": "true"})
    assert renamed["HX-Redirect"] == f"/segments/{shop.ids['simple_segment_id']}/"
    assert Segment.objects.filter(name="Català").exists()


def it_pages_through_many_segments(browser: Client, shop: tour.Shop) -> None:
    Segment.objects.bulk_create(
        Segment(
            workspace=shop.workspace,
            name=f"Nº {n}",
            tree={"event": "bought"},
            created_at=shop.workspace.created_at,
        )
        for n in range(60)
    )

    first = browser.get("/segments/")
    second = browser.get(f"/segments/?before={first.context['older']}")

    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 13)
    assert second.context["older"] is None
