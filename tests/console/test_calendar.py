"""The month: what left and what is to leave, in the workspace's days."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from difusio.accounts.models import Workspace
from difusio.campaigns.models import CampaignState, Round
from tests.console import cast


def _page(client: Client, month: str) -> str:
    answer = client.get("/campaigns/calendar/", {"month": month})
    assert answer.status_code == 200
    return answer.content.decode()


def it_shows_what_left_and_what_is_to_leave_on_its_day(client: Client, workspace: Workspace) -> None:
    left = cast.make_campaign(workspace, "Panellets")
    later = cast.make_campaign(workspace, "Mona", state=CampaignState.SCHEDULED)
    for name, state in (("Esborrany", CampaignState.DRAFT), ("Anul·lada", CampaignState.CANCELLED)):
        never = cast.make_campaign(workspace, name, state=state)
        Round.objects.filter(campaign=never).update(launched_at=None, scheduled_for=cast.NOON)
    # Half past eleven at night in UTC is the next day in Madrid.
    Round.objects.filter(campaign=later).update(scheduled_for=datetime(2026, 11, 29, 23, 30, tzinfo=UTC))
    cast.make_campaign(cast.make_workspace("La competència"), "Theirs")

    page = _page(client, "2026-11")

    day = page.split('datetime="2026-11-30"')[1].split("</td>")[0]
    assert f'href="/campaigns/{later.pk}/">Mona' in day
    assert "00:30" in day
    assert f'href="/campaigns/{left.pk}/"' in page.split('datetime="2026-11-20"')[1].split("</td>")[0]
    assert not any(name in page for name in ("Esborrany", "Anul·lada", "Theirs"))


def it_begins_weeks_on_monday_and_leads_to_the_months_beside(client: Client) -> None:
    page = _page(client, "2026-12")

    assert page.index("Monday") < page.index("Sunday")
    assert 'href="?month=2026-11"' in page
    assert 'href="?month=2027-01"' in page
    # The 1st of December 2026 is a Tuesday.
    assert page.index('datetime="2026-11-30"') < page.index('datetime="2026-12-01"')
    assert "Nothing left or is to leave this month." in page


@pytest.mark.parametrize("month", ["", "x", "2026-13", "2026-00", "0001-01", "9999-12", "2026-1", "२०२६-१२"])
def it_shows_this_month_where_the_address_says_nonsense(client: Client, month: str) -> None:
    assert 'aria-current="date"' in _page(client, month)
