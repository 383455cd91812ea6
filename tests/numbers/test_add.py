"""A number is added with its secrets sealed; a demo can never reach the real Meta."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from structlog.testing import capture_logs

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.numbers.add import META_URL, BadApiUrl, DemoStaysHere, KnownNumber, NewNumber, NoSuchNumber, add
from difusio.numbers.models import Number, Portfolio, WebhookSecret
from difusio.numbers.secrets import SECRET, VERIFY_TOKEN, FreshSecrets, load_secrets
from tests.cast import NOON
from tests.processes import wait_until

pytestmark = pytest.mark.django_db

NEW = NewNumber(
    waba_id="1", phone_number_id="2", display_phone="+34 972 00 00 00", verified_name="Ona", access_token="EAA-token",
    app_id="3", app_secret="the-app-secret", verify_token="the-word", api_url="http://127.0.0.1:4400",
)  # fmt: skip


def workspace(*, is_demo: bool = False) -> Workspace:
    return Workspace.objects.create(name="Ona", is_demo=is_demo, created_at=NOON)


def it_keeps_the_token_and_the_secrets_sealed() -> None:
    number = add(NEW, workspace_id=workspace().pk, at=NOON)

    kept = bytes(number.access_token_sealed)
    assert b"EAA" not in kept
    assert keyring().open(kept, purpose="numbers.access_token") == b"EAA-token"
    found = load_secrets()
    assert (found.app_secrets, found.verify_tokens) == ((b"the-app-secret",), ("the-word",))
    for shown in (repr(NEW), repr(found), str(number)):
        assert not any(word in shown for word in ("EAA", "app-secret", "the-word"))


def it_puts_numbers_of_one_account_and_those_said_to_share_into_one_portfolio() -> None:
    ona, other = workspace(), workspace()
    first = add(NEW, workspace_id=ona.pk, at=NOON)

    same_account = add(replace(NEW, phone_number_id="22"), workspace_id=ona.pk, at=NOON)
    said_to_share = add(
        replace(NEW, waba_id="11", phone_number_id="23", shares_limit_with=first.pk),
        workspace_id=ona.pk,
        at=NOON,
    )
    another_account = add(replace(NEW, waba_id="12", phone_number_id="24"), workspace_id=ona.pk, at=NOON)

    assert {same_account.portfolio_id, said_to_share.portfolio_id} == {first.portfolio_id}
    assert another_account.portfolio_id != first.portfolio_id
    with pytest.raises(NoSuchNumber, match="numbers list"):
        add(replace(NEW, phone_number_id="25", shares_limit_with=first.pk), workspace_id=other.pk, at=NOON)


def it_refuses_the_real_meta_for_a_demo() -> None:
    demo = workspace(is_demo=True)

    with pytest.raises(DemoStaysHere, match="never to Meta"):
        add(replace(NEW, api_url=META_URL), workspace_id=demo.pk, at=NOON)

    assert add(NEW, workspace_id=demo.pk, at=NOON).is_simulated
    assert not add(
        replace(NEW, phone_number_id="9", api_url=META_URL), workspace_id=workspace().pk, at=NOON
    ).is_simulated


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.facebook.com",
        "https://graph.facebook.com.evil.example",
        "http://192.168.1.9:4400",
        "http://127.0.0.1",
        "http://127.0.0.1:4400/path",
        "http://127.0.0.1.nip.io:4400",
        "http://user@evil.example:4400",
        "ftp://127.0.0.1:1",
        "",
    ],
)
def it_takes_no_other_address(url: str) -> None:
    with pytest.raises(BadApiUrl):
        add(replace(NEW, api_url=url), workspace_id=workspace().pk, at=NOON)
    assert Number.objects.count() == 0


def it_refuses_a_number_that_is_known_and_leaves_nothing_behind() -> None:
    add(NEW, workspace_id=workspace().pk, at=NOON)

    with pytest.raises(KnownNumber, match="known already"):
        add(NEW, workspace_id=workspace().pk, at=NOON)

    assert (Portfolio.objects.count(), WebhookSecret.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE numbers_number SET is_simulated = false, api_url = 'https://graph.facebook.com'",
        "UPDATE numbers_number SET api_url = 'https://graph.facebook.com'",
        "UPDATE numbers_number SET api_url = 'http://10.0.0.1:80'",
        "UPDATE accounts_workspace SET is_demo = false",
        (
            "INSERT INTO numbers_number (workspace_id, portfolio_id, waba_id, phone_number_id, display_phone,"
            " verified_name, quality, pace_per_s, stopped_for, api_url, api_version, is_simulated,"
            " access_token_sealed, created_at)"
            " SELECT workspace_id, portfolio_id, waba_id, 'another', display_phone, verified_name, quality,"
            " pace_per_s, '', 'https://graph.facebook.com', api_version, false, access_token_sealed, created_at"
            " FROM numbers_number"
        ),
    ],
)
def it_keeps_a_demo_here_even_against_raw_sql(change: str) -> None:
    add(NEW, workspace_id=workspace(is_demo=True).pk, at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert Number.objects.get().is_simulated


@pytest.mark.django_db(transaction=True)
def it_gives_the_secrets_from_memory() -> None:
    add(NEW, workspace_id=workspace().pk, at=NOON)

    fresh = FreshSecrets()
    try:
        assert fresh.app_secrets() == (b"the-app-secret",)
        assert fresh.verify_token() == "the-word"
    finally:
        fresh.close()


@pytest.mark.django_db(transaction=True)
def it_goes_on_with_the_secrets_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("difusio.numbers.secrets._REFRESH_S", 0.01)
    add(NEW, workspace_id=workspace().pk, at=NOON)
    damaged = WebhookSecret.objects.create(
        workspace_id=workspace().pk, secret_sealed=b"\x01", verify_token_sealed=b"\x01", created_at=NOON
    )

    with capture_logs() as logged:
        fresh = FreshSecrets()
        try:
            assert fresh.app_secrets() == (b"the-app-secret",)
            WebhookSecret.objects.exclude(pk=damaged.pk).delete()
            wait_until(lambda: fresh.app_secrets() == (), "the deleted secret is forgotten")
            sealed = keyring().seal(b"a-new-one", purpose=SECRET)
            word = keyring().seal(b"the-word", purpose=VERIFY_TOKEN)
            WebhookSecret.objects.filter(pk=damaged.pk).update(secret_sealed=sealed, verify_token_sealed=word)
            wait_until(lambda: fresh.app_secrets() == (b"a-new-one",), "the mended secret holds")
        finally:
            fresh.close()

    assert logged == [{"event": "secrets.unreadable", "log_level": "error", "secret": damaged.pk}]


def it_lets_a_number_that_the_business_app_shares_send_twenty_a_second() -> None:
    shared = replace(NEW, is_on_business_app=True, pace_per_s=80)

    number = add(shared, workspace_id=workspace().pk, at=NOON)

    assert number.pace_per_s == 20
    with pytest.raises(IntegrityError), transaction.atomic():
        Number.objects.update(pace_per_s=21)
