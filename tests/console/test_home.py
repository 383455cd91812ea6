"""Home says that all is well only when it is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from difusio.accounts.models import Workspace
from difusio.message_templates.models import ChangeKind, Template, TemplateChange
from difusio.numbers.models import Number
from difusio.outbox.models import Batch, Lane, Lease, Tally
from tests.console import cast

ALL_IS_WELL = "Nothing: all is well."


@pytest.fixture
def number(workspace: Workspace) -> Number:
    """A number from which something has left, so that the first run is over."""
    campaign = cast.make_campaign(workspace)
    cast.count(campaign, "accepted", 1)
    return campaign.number


def _home(client: Client) -> str:
    return " ".join(client.get("/").content.decode().split())


def it_says_so_when_nothing_needs_anybody(client: Client, number: Number) -> None:
    Lease.objects.create(number=number, owner="a", epoch=1, expires_at=cast.NOON)

    assert ALL_IS_WELL in _home(client)


def it_says_that_a_number_is_held_back_while_meta_is_away(client: Client, number: Number) -> None:
    Lease.objects.create(number=number, owner="a", epoch=1, expires_at=cast.NOON, held_back_for="unreachable")

    page = _home(client)

    assert ALL_IS_WELL not in page
    assert "Meta cannot be reached. Nothing leaves until it answers again." in page


def it_says_that_people_take_the_messages_of_a_number_badly(client: Client, number: Number) -> None:
    Number.objects.update(quality="RED")

    page = _home(client)

    assert ALL_IS_WELL not in page
    assert "People block or report its messages" in page


@pytest.mark.parametrize(
    ("status", "days_ago", "is_told"),
    [("PAUSED", 30, True), ("REJECTED", 2, True), ("DISABLED", 2, True), ("REJECTED", 8, False)],
)
def it_names_the_templates_that_meta_took_out_of_use(
    client: Client, number: Number, status: str, days_ago: int, *, is_told: bool
) -> None:
    template = Template.objects.get()
    Template.objects.update(status=status)
    TemplateChange.objects.create(
        template=template, kind=ChangeKind.STATUS, new=status, at=timezone.now() - timedelta(days=days_ago)
    )

    page = _home(client)

    assert (ALL_IS_WELL not in page) is is_told
    assert (f'href="/templates/{template.pk}/"' in page) is is_told


def it_counts_parked_answers_and_tests_too(client: Client, number: Number) -> None:
    answers = Batch.objects.create(
        workspace=number.workspace, number=number, lane=Lane.REPLY, created_at=cast.NOON
    )
    Tally.objects.create(batch=answers, measure="parked", n=2)

    page = _home(client)

    assert ALL_IS_WELL not in page
    assert '<a href="/parked/">Answers and tests</a>: 2 messages parked' in page


def it_leads_a_first_number_to_the_simulator_and_to_meta(client: Client) -> None:
    page = _home(client)

    assert 'href="/settings/numbers/simulator/"' in page
    assert 'href="/settings/numbers/new/"' in page
