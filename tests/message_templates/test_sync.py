"""Against the real simulator, over HTTP."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from whatsapp_simulator.scenario import Scenario, Setup
from whatsapp_simulator.simulator import Simulator

from difusio.accounts.models import Workspace
from difusio.common.keyring import keyring
from difusio.message_templates.models import Template
from difusio.message_templates.sync import (
    RefusedListError,
    RefusedTokenError,
    Synced,
    UnreachableError,
    UnreadableListError,
    sync,
)
from difusio.numbers.models import Number, Portfolio
from tests.message_templates.examples import NAMED, POSITIONAL

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
WABA = "102290129340398"
TOKEN = "simulated-access-token"

TARDOR = {"name": "tardor", "language": "ca", "category": "MARKETING", "components": POSITIONAL}
AVIS = {
    "name": "avis",
    "language": "ca",
    "category": "UTILITY",
    "parameter_format": "NAMED",
    "components": NAMED,
    "quality_score": {"score": "GREEN", "date": 0},
}


@contextmanager
def platform(*templates: dict[str, Any]) -> Iterator[str]:
    """Play Meta with these templates, and give its address."""
    with playing(Scenario(setup=Setup(waba_id=WABA, access_token=TOKEN, templates=templates))) as address:
        yield address


@contextmanager
def playing(scenario: Scenario) -> Iterator[str]:
    """Play Meta in a thread of its own, and give its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulator")
    thread.start()
    simulator = Simulator(scenario)
    try:
        asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result(10)
        yield simulator.url
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def server(status: int, body: bytes) -> Iterator[str]:
    """Answer every question alike: what the simulator, being well-behaved, never says."""

    class Face(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the server's own way to name its methods

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Face) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), name="server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join(10)


@pytest.fixture
def number() -> Number:
    workspace = Workspace.objects.create(name="Llibreria Ona", created_at=AT)
    return Number.objects.create(
        workspace=workspace,
        portfolio=Portfolio.objects.create(workspace=workspace, name="Ona"),
        waba_id=WABA,
        phone_number_id="106540352242922",
        display_phone="+1 555-010-0100",
        verified_name="Llibreria Ona",
        api_url="http://127.0.0.1:1",
        is_simulated=True,
        access_token_sealed=keyring().seal(TOKEN.encode(), purpose="numbers.access_token"),
        created_at=AT,
    )


def _sync(number: Number, url: str, at: datetime = AT) -> Synced:
    Number.objects.filter(pk=number.pk).update(api_url=url)
    return sync(workspace_id=number.workspace_id, number_id=number.pk, at=at)


def it_stores_what_meta_lists(number: Number) -> None:
    with platform(TARDOR, AVIS) as url:
        synced = _sync(number, url)

    assert synced == Synced(new=2, changed=0, gone=0)
    avis = Template.objects.get(name="avis")
    assert (avis.workspace_id, avis.waba_id, avis.language) == (number.workspace_id, WABA, "ca")
    assert (avis.category, avis.status, avis.quality, avis.parameter_format) == (
        "UTILITY",
        "APPROVED",
        "GREEN",
        "NAMED",
    )
    assert (avis.components, avis.synced_at) == (NAMED, AT)
    assert Template.objects.get(name="tardor").quality == "UNKNOWN"


def it_changes_nothing_when_repeated_but_the_time(number: Number) -> None:
    with platform(TARDOR, AVIS) as url:
        _sync(number, url)
        synced = _sync(number, url, LATER)

    assert synced == Synced(new=0, changed=0, gone=0)
    assert {template.synced_at for template in Template.objects.all()} == {LATER}


def it_takes_over_what_meta_changed(number: Number) -> None:
    with platform(TARDOR, AVIS) as url:
        _sync(number, url)
    kept = Template.objects.get(name="avis")

    with platform(TARDOR, {**AVIS, "category": "MARKETING", "status": "PAUSED"}) as url:
        synced = _sync(number, url, LATER)

    assert synced == Synced(new=0, changed=1, gone=0)
    avis = Template.objects.get(pk=kept.pk)
    assert (avis.category, avis.status) == ("MARKETING", "PAUSED")


def it_keeps_what_is_gone_from_meta_as_deleted(number: Number) -> None:
    with platform(TARDOR, AVIS) as url:
        _sync(number, url)

    with platform(TARDOR) as url:
        synced = [_sync(number, url, LATER), _sync(number, url, LATER)]

    assert synced == [Synced(new=0, changed=0, gone=1), Synced(new=0, changed=0, gone=0)]
    assert dict(Template.objects.values_list("name", "status")) == {"tardor": "APPROVED", "avis": "DELETED"}


def it_reads_a_list_of_several_pages(number: Number) -> None:
    with platform(*({**TARDOR, "name": f"tardor_{position}"} for position in range(230))) as url:
        assert _sync(number, url) == Synced(new=230, changed=0, gone=0)


def it_touches_no_other_workspaces_templates(number: Number) -> None:
    eve = Workspace.objects.create(name="Eve", created_at=AT)
    Template.objects.create(
        workspace=eve, waba_id=WABA, name="avis", language="ca", status="APPROVED", synced_at=AT
    )

    with platform(TARDOR) as url:
        _sync(number, url)

    assert Template.objects.get(workspace=eve).status == "APPROVED"
    with pytest.raises(Number.DoesNotExist):
        sync(workspace_id=eve.pk, number_id=number.pk, at=AT)


def it_says_that_meta_cannot_be_reached_and_leaves_everything_as_it_was(number: Number) -> None:
    with platform(TARDOR) as url:
        _sync(number, url)

    with pytest.raises(UnreachableError, match="try again in a few minutes"):
        _sync(number, url)

    assert Template.objects.get().status == "APPROVED"


def it_says_that_the_access_token_is_no_good(number: Number) -> None:
    number.access_token_sealed = keyring().seal(b"yesterday's", purpose="numbers.access_token")
    number.save()

    with platform(TARDOR) as url, pytest.raises(RefusedTokenError, match="put in a new one"):
        _sync(number, url)


def it_says_why_meta_did_not_list_the_templates(number: Number) -> None:
    with (
        server(403, b'{"error":{"code":10,"message":"no"}}') as url,
        pytest.raises(RefusedListError) as refused,
    ):
        _sync(number, url)

    assert str(refused.value) == (
        "Meta did not list the templates: The access token lacks a permission for this number."
    )


def it_says_that_metas_answer_cannot_be_read(number: Number) -> None:
    with server(200, b"<html>") as url, pytest.raises(UnreadableListError, match="try again later"):
        _sync(number, url)
