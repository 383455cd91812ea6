"""The funnel: every number with its denominator, and nobody lost."""

import pytest
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from difusio.campaigns.models import Campaign, CampaignState
from difusio.reports.funnel import Funnel, funnel, funnels
from tests.console import cast


def _funnel(counts: dict[str | tuple[str, str], int], state: CampaignState = CampaignState.SENDING) -> Funnel:
    campaign = cast.make_campaign(cast.make_workspace(), state=state)
    cast.count_all(campaign, counts)
    return funnel(campaign.pk)


@pytest.mark.django_db
def it_gives_every_step_its_denominator() -> None:
    report = _funnel(dict(cast.HALFWAY))

    assert [(step.key, step.n, step.of, step.of_word) for step in report.steps] == [
        ("planned", 1240, None, ""),
        ("skipped", 38, 1240, "planned"),
        ("accepted", 812, 1202, "to be sent"),
        ("delivered", 741, 812, "accepted"),
        ("read", 264, 741, "delivered"),
        ("replied", 31, 741, "delivered"),
        ("left", 4, 741, "delivered"),
    ]


@pytest.mark.django_db
def it_loses_nobody() -> None:
    report = _funnel(dict(cast.HALFWAY))

    assert report.waiting == 385
    parts = [report.skipped.n, report.accepted, report.waiting, *(step.n for step in report.rest)]
    assert sum(parts) == report.audience


@pytest.mark.django_db
def it_names_what_became_neither_skipped_nor_accepted() -> None:
    report = _funnel({"audience": 10, "parked": 1, "expired": 2, "cancelled": 3, "in_doubt": 1})

    assert [(step.key, step.n, step.of) for step in report.rest] == [
        ("in_doubt", 1, 10),
        ("parked", 1, 10),
        ("expired", 2, 10),
        ("cancelled", 3, 10),
    ]
    assert report.waiting == 3


@pytest.mark.django_db
def it_says_why_people_were_skipped_the_most_frequent_reason_first() -> None:
    report = _funnel(dict(cast.HALFWAY))

    assert [(cause.key, cause.n, cause.sentence) for cause in report.skips] == [
        ("no_consent", 21, "Never agreed to this topic."),
        ("withdrawn", 12, "Left this topic."),
        ("missing_field", 5, "A field that the message needs is empty."),
    ]


@pytest.mark.django_db
def it_adds_up_failures_by_cause_whether_meta_refused_at_once_or_later() -> None:
    report = _funnel(dict(cast.HALFWAY))

    assert [(cause.key, cause.n, cause.sentence) for cause in report.failures] == [
        ("131049", 9, "Meta held this message back: the person gets enough marketing for now."),
        ("131026", 7, "This person cannot be reached on WhatsApp."),
    ]
    assert (report.failed.n, report.failed.of) == (16, 1202)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stored", "counts", "shown"),
    [
        (CampaignState.DRAFT, {}, "draft"),
        (CampaignState.SCHEDULED, {}, "scheduled"),
        (CampaignState.SENDING, {"audience": 3, "accepted": 2}, "sending"),
        (CampaignState.SENDING, {"audience": 3, "accepted": 2, "in_doubt": 1}, "sending"),
        (CampaignState.SENDING, {"audience": 3, "accepted": 2, "parked": 1}, "completed"),
        (CampaignState.SENDING, {"audience": 3, ("skipped", "no_consent"): 3}, "completed"),
        (CampaignState.SENDING, {}, "sending"),
        (CampaignState.PAUSED, {"audience": 3, "accepted": 2}, "paused"),
        (CampaignState.PAUSED, {"audience": 3, "accepted": 3}, "completed"),
        (CampaignState.CANCELLED, {"audience": 3, "accepted": 2, "cancelled": 1}, "cancelled"),
    ],
)
def it_derives_the_state_that_is_shown(
    stored: CampaignState, counts: dict[str | tuple[str, str], int], shown: str
) -> None:
    assert _funnel(counts, stored).state == shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("counts", "is_finished"),
    [
        ({"audience": 3, "accepted": 3}, True),
        ({"audience": 3, "accepted": 2}, False),
        ({"audience": 3, "accepted": 2, "in_doubt": 1}, False),
        ({"audience": 3, "accepted": 2, ("refused", "131026"): 1}, True),
    ],
)
def it_is_finished_when_nothing_waits_or_is_in_doubt(
    counts: dict[str | tuple[str, str], int],
    is_finished: bool,  # noqa: FBT001  # pytest hands parameters over by name
) -> None:
    assert _funnel(counts).is_finished is is_finished


@pytest.mark.django_db
def it_knows_how_many_accepted_ones_have_no_word_of_their_arrival() -> None:
    assert _funnel(dict(cast.HALFWAY)).outstanding == 812 - 741 - 13


@pytest.mark.django_db
def it_adds_up_the_batches_of_all_rounds_and_languages() -> None:
    workspace = cast.make_workspace()
    ours, other = cast.make_campaign(workspace), cast.make_campaign(workspace, "Another")
    cast.count(ours, "audience", 5)
    cast.count(other, "audience", 7)
    cast.add_batch(ours, "es")
    cast.count(ours, "audience", 2, language="es")

    assert funnel(ours.pk).audience == 7
    assert {pk: found.audience for pk, found in funnels([ours, other]).items()} == {ours.pk: 7, other.pk: 7}


@pytest.mark.django_db
def it_costs_two_queries_for_one_campaign_and_one_for_any_at_hand(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    workspace = cast.make_workspace()
    campaigns = [cast.make_campaign(workspace, f"Campaign {n}") for n in range(3)]

    with django_assert_num_queries(2):
        funnel(campaigns[0].pk)
    with django_assert_num_queries(1):
        funnels(campaigns)


@pytest.mark.django_db
def it_does_not_know_a_campaign_that_is_not_there() -> None:
    with pytest.raises(Campaign.DoesNotExist):
        funnel(0)


@pytest.mark.django_db
def it_speaks_the_readers_language() -> None:
    with translation.override("ca"):
        report = _funnel(dict(cast.HALFWAY))

        assert report.state_word == "Enviant"
        assert report.step("left").word == "S'han donat de baixa"
        assert report.skips[0].sentence == "No ha dit mai que sí a aquest tema."
