"""The templates' pages: found, shown for somebody, asked for at Meta, written and handed in."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from difusio.accounts.models import Role
from difusio.common.keyring import keyring
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.numbers.models import Number
from tests.console import tour
from tests.console.tour import campaigns, segments, templates
from tests.message_templates.test_sync import TOKEN, WABA, platform

pytestmark = pytest.mark.django_db

FORM = {
    "name": "oferta_tardor",
    "language": "ca",
    "category": "MARKETING",
    "body": "Bon dia, {{first_name}}, ja és tardor.",
    "example.first_name": "Ona",
    "footer": "Respon BAIXA per no rebre'n més",
    "kind0": "QUICK_REPLY",
    "text0": "Avui no",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with platform() as address:
        yield address


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


def _connect(shop: tour.Shop, url: str) -> Number:
    number = Number.objects.get(workspace=shop.workspace)
    number.api_url, number.waba_id = url, WABA
    number.access_token_sealed = keyring().seal(TOKEN.encode(), purpose="numbers.access_token")
    number.save()
    return number


def it_finds_templates_by_name_and_state(browser: Client) -> None:
    def names(query: str) -> list[str]:
        return [line.template.name for line in browser.get(f"/templates/{query}").context["lines"]]

    assert names("?q=premi segur") == ["premi_segur"]
    assert names("?state=PENDING") == ["castanyada"]
    assert names("?state=nonsense&q=antiga_d") == ["antiga_deleted", "antiga_disabled"]
    assert "No template fits." in browser.get("/templates/?q=gone").content.decode()


def it_shows_the_message_to_somebody_chosen(browser: Client, shop: tour.Shop) -> None:
    address = f"/templates/{shop.ids['template_id']}/"
    bilal = Contact.objects.filter(workspace=shop.workspace, first_name="Bilal").latest("id")

    page = browser.get(f"{address}?contact={bilal.pk}")

    assert page.context["bubble"].body[0].text.startswith("Hola, Bilal!")
    assert page.context["neighbours"]["newer"] > bilal.pk > page.context["neighbours"]["older"]
    found = browser.get(f"{address}?q=bil").context["found"]
    assert bilal in found
    assert browser.get(f"{address}?contact=999999999").status_code == 200
    rejected = browser.get(f"/templates/{shop.ids['rejected_id']}/").content.decode()
    assert "Meta has rejected it" in rejected
    assert "The text does not fit the language or the category that was chosen." in rejected
    assert "TAG_CONTENT_MISMATCH" in rejected


def it_asks_meta_and_says_what_came_of_it(browser: Client, shop: tour.Shop, url: str) -> None:
    unreachable = browser.post("/templates/sync/", follow=True).content.decode()
    _connect(shop, url)
    asked = browser.post("/templates/sync/", follow=True).content.decode()

    assert "Meta could not be reached" in unreachable
    assert "0 new, 0 changed, 0 gone." in asked


def it_hands_a_template_in(browser: Client, shop: tour.Shop, url: str) -> None:
    number = _connect(shop, url)
    form = FORM | {"number": number.pk}

    typed = browser.post("/templates/new/", form | {"kind1": "URL", "body": "Bon dia, {{nom}}."})
    assert 'name="example.nom"' in typed.content.decode()
    assert 'name="value1"' in typed.content.decode()
    refused = browser.post("/templates/new/", form | {"act": "submit", "name": "Oferta!"})
    assert "Write the name in small letters" in refused.content.decode()
    assert "Something in the template has to be mended" in refused.content.decode()
    nowhere = browser.post("/templates/new/", FORM | {"act": "submit", "number": "x"})
    assert "A template belongs to the account of a number" in nowhere.content.decode()
    handed_in = browser.post("/templates/new/", form | {"act": "submit"})
    again = browser.post("/templates/new/", form | {"act": "submit"})

    template = Template.objects.get(name="oferta_tardor")
    assert handed_in["Location"] == f"/templates/{template.pk}/"
    assert template.status == "PENDING"
    assert "There is a template of this name in this language already" in again.content.decode()
    assert "Meta is still checking it" in browser.get(f"/templates/{template.pk}/").content.decode()


def it_previews_what_is_typed_and_warns(browser: Client) -> None:
    page = browser.post("/templates/preview/", FORM | {"footer": "", "body": "*Bon dia*, {{first_name}}."})

    assert "<strong>Bon dia</strong>, Ona." in page.content.decode()
    assert "Nothing says how to leave" in page.content.decode()


def it_ties_each_mistake_to_its_input_even_when_a_placeholder_is_called_name(browser: Client) -> None:
    wrong = {"name": "Two words", "body": "Hi {{name}}, {{body}}.", "footer": "x" * 61, "act": "submit"}

    page = browser.post("/templates/new/", FORM | wrong).content.decode()

    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    for name in ("name", "footer", "example-name", "example-body"):
        assert f'id="{name}-error"' in page
    described = " ".join(re.findall(r'aria-invalid="true" aria-describedby="([^"]+)"', page)).split()
    assert {"name-error", "footer-error", "example-name-error", "example-body-error"} <= set(described)
    assert set(described) <= set(ids)


def it_keeps_the_filter_when_it_pages(browser: Client, shop: tour.Shop) -> None:
    Template.objects.bulk_create(
        Template(
            workspace=shop.workspace,
            waba_id="1",
            meta_id="1",
            name=f"tardor_{n}",
            language="ca",
            category="MARKETING",
            status="PENDING",
            synced_at=shop.workspace.created_at,
        )
        for n in range(60)
    )

    first = browser.get("/templates/?q=tardor&state=PENDING")
    older = f"?q=tardor&amp;state=PENDING&amp;before={first.context['older']}"

    assert f'href="{older}"' in first.content.decode()
    second = browser.get(f"/templates/{older.replace('&amp;', '&')}")
    assert len(second.context["lines"]) == 10
