"""A person decides about what nobody knows: once more, or let it be."""

import csv
import io

import pytest
from django.test import Client

from difusio.accounts.models import AuditEntry, Role
from difusio.console import known_count
from difusio.outbox.models import Batch, Delivery
from tests.console import tour

pytestmark = pytest.mark.django_db


def signed_in(shop: tour.Shop, role: Role) -> Client:
    client = Client()
    client.force_login(shop.members[role])
    client.cookies["django_language"] = "en"
    return client


def told(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def parked(shop: tour.Shop) -> set[str]:
    rows = Delivery.objects.filter(workspace=shop.workspace, state="parked")
    return {row.reason for row in rows}


def it_says_whom_it_concerns_since_when_why_and_what_was_sent(shop: tour.Shop) -> None:
    page = told(signed_in(shop, Role.OWNER), "/parked/")

    assert "Maria Antònia Sunyer i Capdevila" in page
    assert "No answer came." in page
    assert "Meta answered with a fault of its own." in page
    assert "&lt;script&gt;alert(" in page
    assert "Hola, Maria!" in page


def it_shows_what_was_sent_only_to_who_may_read_conversations(shop: tour.Shop) -> None:
    page = told(signed_in(shop, Role.PRIVACY), "/parked/")

    assert "Maria Antònia" in page
    assert "Hola, Maria!" not in page
    assert "Send once more" not in page


def it_stands_in_the_navigation_only_while_something_is_parked(shop: tour.Shop) -> None:
    client = signed_in(shop, Role.OWNER)
    assert 'href="/parked/"' in told(client, "/campaigns/")

    client.post("/parked/decide/", {"act": "leave"})

    assert 'href="/parked/"' not in told(client, "/campaigns/")
    assert "Nothing is parked" in told(client, "/parked/")
    assert parked(shop) == {"settled"}
    assert AuditEntry.objects.filter(workspace=shop.workspace, act="parked.left").count() == 1


def it_sends_one_of_them_once_more(shop: tour.Shop) -> None:
    client = signed_in(shop, Role.DESK)
    address = f"/parked/decide/?act=again&delivery={shop.ids['parked_id']}"
    assert "Send 1 message once more?" in told(client, address)

    client.post("/parked/decide/", {"act": "again", "delivery": shop.ids["parked_id"], "shown": "1"})

    assert Delivery.objects.get(pk=shop.ids["parked_id"]).state == "queued"
    assert Delivery.objects.filter(workspace=shop.workspace, state="parked").count() == 1


def it_sends_those_of_a_campaign_once_more_unless_it_is_too_late(shop: tour.Shop) -> None:
    client = signed_in(shop, Role.OWNER)
    chosen = {"act": "again", "campaign": shop.ids["campaign_id"], "shown": "2"}
    Batch.objects.update(expires_at="2026-01-01T00:00:00Z")

    answer = client.post("/parked/decide/", chosen, follow=True)
    assert "2 messages are too late or cancelled" in answer.content.decode()

    Batch.objects.update(expires_at=None)
    answer = client.post("/parked/decide/", chosen, follow=True)
    assert "2 messages leave once more." in answer.content.decode()


@pytest.mark.parametrize("shown", ["", "x", "-1", "9" * 40, "1"])
def it_sends_no_more_once_more_than_were_shown(shop: tour.Shop, shown: str) -> None:
    client = signed_in(shop, Role.OWNER)

    answer = client.post("/parked/decide/", {"act": "again", "shown": shown})

    assert "Send 2 messages once more?" in " ".join(answer.content.decode().split())
    assert Delivery.objects.filter(workspace=shop.workspace, state="parked").count() == 2
    assert not AuditEntry.objects.filter(act="parked.sent_again").exists()


def it_asks_for_the_number_of_messages_above_a_threshold(
    shop: tour.Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_count, "TYPED_ABOVE", 1)
    client = signed_in(shop, Role.OWNER)
    assert 'name="typed"' in told(client, "/parked/decide/?act=again")
    assert 'name="typed"' not in told(client, f"/parked/decide/?act=again&delivery={shop.ids['parked_id']}")

    for typed in ("", "1", "x"):
        answer = client.post("/parked/decide/", {"act": "again", "shown": "2", "typed": typed})
        assert "Type the number of messages, as it stands above." in answer.content.decode()
        assert Delivery.objects.filter(workspace=shop.workspace, state="parked").count() == 2

    client.post("/parked/decide/", {"act": "again", "shown": "2", "typed": " 2 "})
    assert Delivery.objects.filter(workspace=shop.workspace, state="parked").count() == 0


def it_hands_them_out_with_phones_only_for_privacy(shop: tour.Shop) -> None:
    def head(role: Role) -> list[str]:
        answer = signed_in(shop, role).get("/parked/parked.csv")
        rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert len(rows) == 3
        return rows[0]

    assert "Phone" in head(Role.PRIVACY)
    assert "Phone" not in head(Role.DESK)
    assert AuditEntry.objects.filter(workspace=shop.workspace, act="parked.exported").count() == 2


@pytest.mark.parametrize("chosen", [{"delivery": "x"}, {"campaign": "99999999"}, {"campaign": "²"}])
def it_knows_nothing_of_what_is_not_there(shop: tour.Shop, chosen: dict[str, str]) -> None:
    assert signed_in(shop, Role.OWNER).post("/parked/decide/", {"act": "leave", **chosen}).status_code == 404
