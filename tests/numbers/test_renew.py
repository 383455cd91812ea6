"""A number's token and secrets are replaced while everything goes on."""

import pytest

from difusio.accounts.models import AuditEntry
from difusio.common.keyring import keyring
from difusio.numbers.models import Number
from difusio.numbers.renew import let_go_on, renew_secret, renew_token, retire_secrets
from difusio.numbers.secrets import ACCESS_TOKEN, load_secrets
from tests.cast import NOON, shop

pytestmark = pytest.mark.django_db


def it_sends_with_the_new_token_and_goes_on() -> None:
    ona = shop()
    Number.objects.update(stopped_for="190", stopped_at=NOON)

    renew_token(ona.number.pk, "new token", by="dana", at=NOON)

    number = Number.objects.get()
    assert keyring().open(number.access_token_sealed, purpose=ACCESS_TOKEN) == b"new token"
    assert number.stopped_for == ""


def it_accepts_both_secrets_until_the_older_is_retired() -> None:
    ona = shop()
    renew_secret(ona.number.pk, app_secret="old", verify_token="word", by="dana", at=NOON)
    renew_secret(ona.number.pk, app_secret="new", verify_token="word", by="dana", at=NOON)
    assert load_secrets().app_secrets == (b"old", b"new")

    assert retire_secrets(ona.number.pk, by="dana", at=NOON) == 1
    assert load_secrets().app_secrets == (b"new",)


def it_writes_into_the_audit_log_who_let_a_number_go_on() -> None:
    ona = shop()
    Number.objects.update(stopped_for="131031", stopped_at=NOON)

    let_go_on(ona.number.pk, by="dana", at=NOON)

    assert list(AuditEntry.objects.values_list("actor", "act")) == [("dana", "number.went_on")]


def it_shows_no_secret_in_its_representation() -> None:
    ona = shop()
    renew_secret(ona.number.pk, app_secret="hush", verify_token="word", by="dana", at=NOON)

    assert "hush" not in repr(load_secrets())
