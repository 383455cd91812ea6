"""Webhooks in the settings: the app secret is replaced without a gap, and what was set aside is tried again."""

import pytest
from django.test import Client

from difusio.accounts.models import AuditEntry, Workspace
from difusio.common.keyring import keyring
from difusio.log.models import Post
from difusio.numbers.models import Number
from difusio.numbers.secrets import load_secrets
from tests.console import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def number(workspace: Workspace) -> Number:
    return cast.make_number(workspace)


def _aside(*named: str) -> int:
    return Post.objects.create(
        lane=0,
        received_at=cast.NOON,
        sealed_body=keyring().seal(b"{raw", purpose="log.body"),
        quarantined_reason="not a webhook",
        named=list(named),
    ).pk


def it_takes_the_new_secret_beside_the_old_until_the_old_is_let_go(client: Client, number: Number) -> None:
    client.post("/settings/webhooks/secret/", {"app_secret": "secret-4711"})
    client.post("/settings/webhooks/secret/", {"app_secret": "secret-4712"})
    assert load_secrets().app_secrets == (b"secret-4711", b"secret-4712")
    shown = client.get("/settings/webhooks/").content.decode()

    client.post("/settings/webhooks/secret/retire/")

    assert load_secrets().app_secrets == (b"secret-4712",)
    assert "secret-4711" not in shown
    assert "secret-4712" not in shown


def it_keeps_the_word_of_the_handshake_when_the_secret_changes(client: Client, number: Number) -> None:
    client.post("/settings/webhooks/secret/", {"app_secret": "secret-4711"})
    word = load_secrets().verify_tokens

    client.post("/settings/webhooks/secret/", {"app_secret": "secret-4712"})

    assert load_secrets().verify_tokens == word * 2


def it_asks_for_a_secret_that_is_missing(client: Client, number: Number) -> None:
    assert client.post("/settings/webhooks/secret/", {"app_secret": " "}).status_code == 200
    assert load_secrets().app_secrets == ()


def it_says_on_the_home_page_that_a_webhook_waits_and_tries_it_again(client: Client, number: Number) -> None:
    post = _aside(number.phone_number_id)
    assert "/settings/webhooks/" in client.get("/").content.decode()

    handed = client.post(f"/settings/webhooks/{post}/body/")
    client.post(f"/settings/webhooks/{post}/again/")

    assert handed.content == b"{raw"
    assert Post.objects.get().quarantined_reason == ""
    assert list(AuditEntry.objects.order_by("seq").values_list("act", flat=True)) == [
        "webhook.exported",
        "webhook.taken_again",
    ]


def it_shows_what_names_nobody_here_only_to_who_owns_every_workspace(client: Client, number: Number) -> None:
    post = _aside("somebody else")
    assert f"/settings/webhooks/{post}/" in client.get("/settings/webhooks/").content.decode()

    cast.make_workspace("La competència")

    assert f"/settings/webhooks/{post}/" not in client.get("/settings/webhooks/").content.decode()
    assert client.post(f"/settings/webhooks/{post}/body/").status_code == 404
    assert client.post(f"/settings/webhooks/{post}/again/").status_code == 404
