"""WhatsApp's marks, and what the bubble shows."""

from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from difusio.campaigns.models import CampaignState, Variant
from difusio.console import bubble as bubbles
from difusio.console.bubble import Bubble, Span, bubble_for, spans
from difusio.contacts.models import Contact
from difusio.message_templates.models import Template
from difusio.outbox.models import Delivery, State
from difusio.segments.models import Segment
from tests.console import cast


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("plain", [Span("plain")]),
        ("a *b c* d", [Span("a "), Span("b c", "bold"), Span(" d")]),
        (
            "_i_ ~s~ ```c```",
            [Span("i", "italic"), Span(" "), Span("s", "struck"), Span(" "), Span("c", "code")],
        ),
        ("2 * 3 * 4", [Span("2 * 3 * 4")]),
        ("snake_case_name", [Span("snake_case_name")]),
        ("*open", [Span("*open")]),
        ("", []),
    ],
)
def it_reads_whatsapps_marks(text: str, parts: list[Span]) -> None:
    assert list(spans(text)) == parts


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "ticks"),
    [(State.ACCEPTED, "sent"), (State.DELIVERED, "delivered"), (State.READ, "read"), (State.QUEUED, "")],
)
def it_shows_the_ticks_of_the_delivery(state: State, ticks: str) -> None:
    campaign = cast.make_campaign(cast.make_workspace())
    cast.make_delivery(campaign, state=state)

    bubble = bubble_for(campaign)

    assert bubble is not None
    assert bubble.ticks == ticks


@pytest.mark.django_db
def it_shows_somebody_who_gets_it_not_somebody_who_is_skipped() -> None:
    campaign = cast.make_campaign(cast.make_workspace())
    cast.make_delivery(campaign, "Bilal", state=State.SKIPPED)
    cast.make_delivery(campaign, "Asha", state=State.QUEUED)

    bubble = bubble_for(campaign)

    assert bubble is not None
    assert bubble.first_name == "Asha"


@pytest.mark.django_db
def it_shows_a_draft_to_one_of_its_audience_in_the_version_that_they_would_get(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine finds one of three late.
    monkeypatch.setattr(bubbles, "_GLANCE_S", 30.0)
    workspace = cast.make_workspace()
    campaign = cast.make_campaign(workspace, state=CampaignState.DRAFT)
    catalan = Template.objects.get()
    Template.objects.create(
        workspace=workspace,
        waba_id=catalan.waba_id,
        meta_id="2",
        name=catalan.name,
        language="es",
        category="MARKETING",
        status="APPROVED",
        parameter_format="NAMED",
        components=cast.COMPONENTS,
        synced_at=cast.NOON,
    )
    for name, language in (("Asha", "ca"), ("Iñaki", "es"), ("Bilal", "ca")):
        Contact.objects.create(workspace=workspace, first_name=name, language=language, created_at=cast.NOON)
    reads_spanish = {"field": "language", "in": ["es"]}
    Segment.objects.update(tree=reads_spanish)
    campaign.refresh_from_db()

    bubble = bubble_for(campaign)

    assert bubble is not None
    assert (bubble.first_name, bubble.language) == ("Iñaki", "es")
    # Nobody fits a question that cannot be read: then the newest of all.
    Segment.objects.update(tree={})
    campaign.refresh_from_db()
    anybody = bubble_for(campaign)
    assert anybody is not None
    assert (anybody.first_name, anybody.language) == ("Bilal", "ca")


@pytest.mark.django_db
def it_leaves_a_placeholder_open_whose_value_cannot_be_read() -> None:
    values = {"first_name": "{% evil %}", "grams": "{{ contact.fields.grams }}"}
    campaign = cast.make_campaign(cast.make_workspace(), values=values)
    cast.make_delivery(campaign)

    bubble = bubble_for(campaign)

    assert bubble is not None
    assert "{{first_name}}" in "".join(span.text for span in bubble.body)


@pytest.mark.django_db
def it_has_nothing_to_show_without_a_template() -> None:
    campaign = cast.make_campaign(cast.make_workspace(), state=CampaignState.DRAFT)
    Template.objects.all().delete()
    assert bubble_for(campaign) is None

    Variant.objects.update(template_name="")
    assert bubble_for(campaign) is None
    assert not Delivery.objects.exists()


def it_says_in_the_reader_s_words_what_stands_on_top_and_how_far_it_came() -> None:
    bubble = Bubble(
        header="",
        media="image",
        body=(Span("Hola"),),
        footer="",
        buttons=(),
        language="en",
        first_name="Asha",
        at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        ticks="delivered",
    )

    with override("ca"):
        page = render_to_string("console/_bubble.html", {"bubble": bubble})

    assert '<p class="bubble-media" lang="ca">Foto</p>' in page
    assert '<span class="visually-hidden" lang="ca">lliurat</span>' in page
