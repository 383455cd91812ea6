"""One campaign's page, which moves while it sends."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from difusio.accounts.models import Workspace
from difusio.campaigns.models import Campaign, CampaignState, Round
from difusio.common.clock import now
from difusio.console.watch import STILL_LIMIT, Watch
from difusio.outbox.models import Lease
from difusio.reports.funnel import funnel
from tests.console import cast

DONE: dict[str | tuple[str, str], int] = {"audience": 3, "accepted": 3, "delivered": 3}


@pytest.fixture
def campaign(workspace: Workspace) -> Campaign:
    """A campaign in the middle of its sending, launched just now."""
    campaign = cast.make_campaign(workspace)
    cast.count_all(campaign, cast.HALFWAY)
    Round.objects.filter(campaign=campaign).update(launched_at=now())
    return campaign


def _page(client: Client, campaign: Campaign) -> str:
    answer = client.get(f"/campaigns/{campaign.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def _part(client: Client, campaign: Campaign, seen: Watch | str = "") -> tuple[int, str]:
    answer = client.get(f"/campaigns/{campaign.pk}/", {"seen": str(seen)}, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def it_shows_each_number_with_its_denominator(client: Client, campaign: Campaign) -> None:
    page = _page(client, campaign)

    assert "of 1,202 to be sent" in page
    assert "of 741 delivered" in page
    assert "36\u00a0%" in page
    assert "385 messages wait to be sent." in page


def it_says_why_nothing_leaves_while_meta_is_away(client: Client, campaign: Campaign) -> None:
    lease = Lease.objects.create(
        number=campaign.number, owner="sender", epoch=1, expires_at=now(), held_back_for="no_answer"
    )

    assert "Meta does not answer. Nothing leaves until it does." in _part(client, campaign)[1]
    lease.held_back_for = ""
    lease.save()
    assert "Nothing leaves" not in _part(client, campaign)[1]


def it_says_in_plain_words_why_people_got_nothing(client: Client, campaign: Campaign) -> None:
    page = _page(client, campaign)

    assert "Skipped: 38 of 1,240 planned" in page
    assert "Never agreed to this topic." in page
    assert "Failed: 16 of 1,202 to be sent" in page
    assert "This person cannot be reached on WhatsApp." in page
    assert "Meta&#x27;s code 131026" in page or "Meta's code 131026" in page


def it_shows_the_message_as_the_person_sees_it(client: Client, campaign: Campaign) -> None:
    cast.make_delivery(campaign, "Asha")

    page = _page(client, campaign)

    assert "Hola, Asha!" in page
    assert "<strong>panellets de pinyons</strong>" in page
    assert "una capsa de 750 g" in page
    assert "As Asha sees it" in page


def it_offers_a_refresh_to_who_has_no_javascript(client: Client, campaign: Campaign) -> None:
    assert f'href="/campaigns/{campaign.pk}/">Refresh' in _page(client, campaign)


def it_asks_again_by_itself_while_it_may_move(client: Client, campaign: Campaign) -> None:
    seen = Watch.of(funnel(campaign.pk))

    page = _page(client, campaign)

    shown = f"{seen.state}.{seen.tenths}.{seen.check_sum}.0.812."
    assert f'hx-get="/campaigns/{campaign.pk}/?seen={shown}' in page
    assert 'hx-trigger="every 2s"' in page


def it_measures_the_pace_between_two_answers(client: Client, campaign: Campaign) -> None:
    assert "At most 80 a second." in _page(client, campaign)
    found = Watch.of(funnel(campaign.pk), at=now() - timedelta(seconds=10))
    cast.count(campaign, "accepted", 812 + 400)

    part = _part(client, campaign, found)[1]

    # A second more or less may have passed meanwhile.
    assert re.search(r"(3\d|40) a second now, of at most 80\.", part)
    assert "Done about" in part


def it_says_no_pace_of_what_does_not_go(client: Client, campaign: Campaign) -> None:
    Campaign.objects.update(state=CampaignState.PAUSED)

    assert "a second" not in _page(client, campaign)


def it_leads_from_each_number_to_the_people_behind_it(client: Client, campaign: Campaign) -> None:
    page = _page(client, campaign)

    people = f'href="/campaigns/{campaign.pk}/people/'
    for query in ("state=read", "state=waiting", "state=in_doubt", "state=skipped&amp;reason=withdrawn"):
        assert f'{people}?{query}"' in page
    assert f'{people}?state=failed&amp;reason=131026"' in page


def it_lets_history_rest(client: Client, campaign: Campaign) -> None:
    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})
    Round.objects.filter(campaign=campaign).update(launched_at=now() - timedelta(days=2))
    assert funnel(campaign.pk).is_finished

    page = _page(client, campaign)

    assert "hx-get" not in page


def it_answers_with_the_moving_part_alone(client: Client, campaign: Campaign) -> None:
    status, part = _part(client, campaign, Watch.of(funnel(campaign.pk)))

    assert status == 200
    assert "<html" not in part
    assert "1,240" in part
    assert "hx-get" in part


def it_reads_aloud_another_tenth_or_state_and_not_every_number(client: Client, campaign: Campaign) -> None:
    seen = Watch.of(funnel(campaign.pk))
    cast.count(campaign, "accepted", 813)
    assert "announcement" not in _part(client, campaign, seen)[1]

    cast.count(campaign, "accepted", 962)
    part = _part(client, campaign, seen)[1]
    assert "Sending: 962 of 1,202 accepted." in part
    assert 'id="acts"' not in part

    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})
    part = _part(client, campaign, seen)[1]
    assert "Completed: 1,199 of 1,202 accepted." in part
    assert 'id="acts"' in part


def it_goes_on_after_the_last_message_because_reads_still_come(client: Client, campaign: Campaign) -> None:
    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})
    seen = Watch.of(funnel(campaign.pk))

    status, part = _part(client, campaign, seen)

    assert status == 200
    assert f"seen={seen.state}.{seen.tenths}.{seen.check_sum}.1" in part


def it_stops_asking_a_minute_after_the_last_change(client: Client, campaign: Campaign) -> None:
    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})
    found = Watch.of(funnel(campaign.pk))
    patient = Watch(found.state, found.tenths, found.check_sum, STILL_LIMIT - 1)

    status, part = _part(client, campaign, patient)

    assert status == 286
    assert "1,199" in part
    assert "hx-get" not in part

    cast.count(campaign, "read", 265)
    assert _part(client, campaign, patient)[0] == 200


def it_never_stops_asking_while_messages_wait(client: Client, campaign: Campaign) -> None:
    found = Watch.of(funnel(campaign.pk))

    assert _part(client, campaign, Watch(found.state, found.tenths, found.check_sum, 1000))[0] == 200


@pytest.mark.parametrize(
    "seen", ["", "x", "a.b.c.d", "sending.1.2", "sending.-1.2.3", "sending..1.2", f"a.1.2.{'9' * 5000}"]
)
def it_answers_once_who_does_not_say_what_they_saw(client: Client, campaign: Campaign, seen: str) -> None:
    assert _part(client, campaign, seen)[0] == 200

    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})

    assert _part(client, campaign, seen)[0] == 286


def it_sends_the_whole_page_to_the_sign_in_when_the_session_ended(campaign: Campaign, client: Client) -> None:
    client.logout()

    answer = client.get(f"/campaigns/{campaign.pk}/", headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == "/sign-in/"
    assert answer.content == b""


def it_shows_a_draft_with_somebody_of_the_workspace_or_with_open_placeholders(
    client: Client, workspace: Workspace
) -> None:
    draft = cast.make_campaign(workspace, state=CampaignState.DRAFT)
    assert "Hola, {{first_name}}!" in _page(client, draft)

    cast.make_delivery(cast.make_campaign(workspace), "Chen")

    assert "Hola, Chen!" in _page(client, draft)


def it_leads_on_from_a_draft_instead_of_showing_zeros(client: Client, workspace: Workspace) -> None:
    draft = cast.make_campaign(workspace, state=CampaignState.DRAFT)

    page = _page(client, draft)

    assert f'href="/campaigns/{draft.pk}/check/">Go on: check' in page
    assert f'href="/campaigns/{draft.pk}/delete/"' in page
    assert "funnel-step" not in page


def it_asks_what_came_of_it_at_the_end(client: Client, campaign: Campaign) -> None:
    assert "What is happening?" in _page(client, campaign)

    cast.count_all(campaign, {"accepted": 1199, "in_doubt": 0})

    assert "What came of it?" in _page(client, campaign)


def it_says_why_a_campaign_stands_still(client: Client, campaign: Campaign) -> None:
    campaign.number.stopped_for = "131042"
    campaign.number.save()

    page = _page(client, campaign)

    assert "This campaign stands still." in page
    assert "check its payment method" in page
    assert "Resume" in page


@pytest.mark.parametrize("people", [1, 3])
def it_costs_eleven_queries_for_one_person_and_for_three(
    client: Client, campaign: Campaign, people: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(people):
        cast.make_delivery(campaign, f"Person {n}")

    # Session, user, campaign, counters, standstill, canary, role, launch; for the bubble variant, batches, a delivery.
    with django_assert_num_queries(11):
        _page(client, campaign)


def it_costs_seven_queries_to_move(
    client: Client, campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seen = Watch.of(funnel(campaign.pk))

    with django_assert_num_queries(7):
        _part(client, campaign, seen)


def it_shows_hostile_words_as_text(client: Client, workspace: Workspace) -> None:
    hostile = "<script>alert(1)</script>"
    components: list[dict[str, Any]] = [
        {"type": "BODY", "text": f"{hostile} *{hostile}* {{{{first_name}}}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": hostile}]},
    ]
    campaign = cast.make_campaign(workspace, hostile, components=components)
    cast.make_delivery(campaign, hostile)

    page = _page(client, campaign)

    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6
    assert "<script>alert" not in page


def it_speaks_catalan_and_writes_numbers_the_catalan_way(client: Client, campaign: Campaign) -> None:
    client.post("/language/", {"language": "ca", "next": "/"})

    page = _page(client, campaign)

    assert '<html lang="ca">' in page
    assert "Què està passant?" in page
    assert "de 1.202 per enviar" in page
    assert "No es pot arribar a aquesta persona per WhatsApp." in page
