"""A campaign is planned in steps that can be left and found again, checked, and launched, in the browser's forms."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from difusio.accounts.models import Membership, Role, User
from difusio.campaigns.models import Campaign, CampaignKind, CampaignState, Round, Variant
from difusio.common.clock import now
from difusio.console import known_count
from difusio.message_templates.models import Template
from difusio.outbox.models import Delivery
from difusio.segments.models import Segment
from difusio.work.worker import work_once
from tests.campaigns.steps import EVERYBODY, draft, version
from tests.cast import NOON, Shop, agreed, person, shop
from tests.console import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    """A shop with Asha, who agreed, and Chen, who never answered; its templates were read just now."""
    ona = shop()
    Template.objects.update(synced_at=now())
    Segment.objects.create(workspace=ona.workspace, name="everybody", tree=EVERYBODY, created_at=NOON)
    agreed(ona, "Asha")
    person(ona, "Chen")
    return ona


def member(of: Shop, role: Role = Role.OWNER) -> Client:
    user = User.objects.create_user(f"{role}@ona.example", cast.PASSWORD)
    Membership.objects.create(workspace=of.workspace, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def whom(of: Shop, **changes: object) -> dict[str, object]:
    facts = {
        "name": "Tardor",
        "kind": "offer",
        "topic": of.offers.pk,
        "segment": Segment.objects.get(workspace=of.workspace).pk,
        "number": of.number.pk,
    }
    return facts | changes


def text(client: Client, address: str, *, part: bool = False) -> str:
    answer = client.get(address, headers={"HX-Request": "true"} if part else {})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def leads(client: Client, address: str, data: dict[str, object] | None = None) -> str:
    answer = client.post(address, data or {})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def it_goes_from_whom_to_launch(ona: Shop) -> None:
    client = member(ona)

    at = leads(client, "/campaigns/new/", whom(ona))
    campaign = Campaign.objects.get()
    assert (at, campaign.state) == (f"/campaigns/{campaign.pk}/what/", CampaignState.DRAFT)
    at = leads(
        client,
        at,
        {"template": "autumn", "language": "ca", "value-first_name": "{{ contact.first_name }}"},
    )
    assert at == f"/campaigns/{campaign.pk}/when/"
    at = leads(client, at, {"leaves": "now"})
    assert at == f"/campaigns/{campaign.pk}/check/"
    page = text(client, at, part=True)
    assert "1 person gets it." in page
    assert "Never agreed to this topic." in page
    assert "The rules find nothing against it." in page
    at = leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1"})

    assert at == f"/campaigns/{campaign.pk}/"
    page = text(client, at)
    assert "It is being prepared" in page
    assert "Stop everything" in page
    assert work_once(owner="test")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENDING
    assert Delivery.objects.filter(state="queued").count() == 1


def it_counts_whom_a_form_asks_for_before_anything_is_stored(ona: Shop) -> None:
    client = member(ona)
    asked = "&".join(f"{key}={value}" for key, value in whom(ona, name="").items())

    part = text(client, f"/campaigns/new/?count=1&{asked}", part=True)

    assert "<strong>1</strong> of 2 people" in part
    assert "Cost unknown" in part
    assert "Choose a topic" in text(client, "/campaigns/new/?count=1", part=True)
    assert not Campaign.objects.exists()


def it_counts_by_a_button_where_no_script_runs(ona: Shop) -> None:
    answer = member(ona).post("/campaigns/new/", {**whom(ona), "look": "1"})

    assert "<strong>1</strong>" in answer.content.decode()
    assert not Campaign.objects.exists()


def it_says_at_the_field_what_is_missing(ona: Shop) -> None:
    client = member(ona)

    answer = client.post("/campaigns/new/", {**whom(ona), "kind": "service_alert"})

    assert "A service alert needs a service topic" in answer.content.decode()
    assert not Campaign.objects.exists()


def it_says_what_comes_first_in_an_empty_workspace(ona: Shop) -> None:
    empty = cast.make_workspace("Nova")
    dana = cast.make_member(empty)
    client = Client()
    client.force_login(dana)

    page = text(client, "/campaigns/new/")

    assert all(f"There is no {thing} yet." in page for thing in ("topic", "segment", "number"))


def it_takes_nothing_that_belongs_to_another_workspace(ona: Shop) -> None:
    elsewhere = shop()

    answer = member(ona).post("/campaigns/new/", whom(ona, topic=elsewhere.offers.pk))

    assert answer.status_code == 200
    assert not Campaign.objects.exists()


def it_lets_the_desk_plan_alerts_and_nothing_else(ona: Shop) -> None:
    desk = member(ona, Role.DESK)
    offer = draft(ona)

    assert 'value="offer"' not in text(desk, "/campaigns/new/")
    assert desk.post("/campaigns/new/", whom(ona)).status_code == 200
    for step in ("whom", "what", "when", "check", "delete"):
        assert desk.get(f"/campaigns/{offer.pk}/{step}/").status_code == 404
    assert desk.post(f"/campaigns/{offer.pk}/launch/", {"shown": "1"}).status_code == 404

    at = leads(desk, "/campaigns/new/", whom(ona, kind="service_alert", topic=ona.alerts.pk))
    assert at.endswith("/what/")
    assert Campaign.objects.filter(kind=CampaignKind.SERVICE_ALERT).count() == 1


def it_says_what_is_wrong_with_a_merge_field_at_its_place(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)

    answer = client.post(
        f"/campaigns/{campaign.pk}/what/",
        {"template": "autumn", "language": "ca", "value-first_name": "{{ contact.frist_name }}"},
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "There is no contact.frist_name" in page
    assert "{{ contact.frist_name }}" in page
    assert Variant.objects.get().values != {"first_name": "{{ contact.frist_name }}"}


def it_shows_the_message_to_whomever_one_chooses(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    form = {"template": "autumn", "language": "ca", "value-first_name": "{{ contact.first_name }}"}

    def preview(**who: object) -> str:
        answer = client.post(
            f"/campaigns/{campaign.pk}/what/",
            {**form, **who, "look": "preview"},
            headers={"HX-Request": "true"},
        )
        return answer.content.decode()

    assert "Bon dia, Chen." in preview()
    assert "Bon dia, Asha." in preview(who="ash")
    assert "Bon dia, Asha." in preview(contact=campaign.workspace.contacts.get(first_name="Asha").pk)
    assert "Nobody is called that." in preview(who="zzz")
    theirs = person(shop(), "Eve")
    assert "Eve" not in preview(contact=theirs.pk)


def it_puts_a_field_with_its_default_into_a_placeholder(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    person(ona, "Iu", fields={"talla de peu": "42"})

    answer = client.post(
        f"/campaigns/{campaign.pk}/what/",
        {
            "template": "autumn",
            "put": "first_name",
            "field-first_name": 'contact.fields["talla de peu"]',
            "default-first_name": "l'usual",
        },
    )

    page = answer.content.decode()
    value = '{{ contact.fields["talla de peu"] | default: "l\'usual" }}'
    assert value.replace('"', "&quot;").replace("'", "&#x27;") in page
    assert "Bon dia, 42." in page


def it_asks_for_the_values_of_the_template_that_is_chosen(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    Template.objects.create(
        workspace=ona.workspace,
        waba_id=ona.template.waba_id,
        meta_id="2",
        name="winter",
        language="es",
        category="MARKETING",
        status="APPROVED",
        parameter_format="POSITIONAL",
        components=[{"type": "BODY", "text": "Hola {{1}}, BAJA para salir."}],
        synced_at=now(),
    )

    answer = client.post(f"/campaigns/{campaign.pk}/what/", {"template": "winter", "look": "1"})

    page = answer.content.decode()
    assert 'name="value-1"' in page
    assert 'name="value-first_name"' not in page


def it_offers_only_approved_templates_of_the_number(ona: Shop) -> None:
    version(ona, "es", status="REJECTED")
    shop().template.save()
    Template.objects.filter(workspace=ona.workspace, language="ca").update(status="PAUSED")

    page = text(member(ona), f"/campaigns/{draft(ona).pk}/what/")

    assert "No approved template" in page
    assert '<option value="autumn"' not in page


def it_schedules_in_the_time_zone_of_the_workspace(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    day = (now() + timedelta(days=40)).date()

    at = leads(
        client,
        f"/campaigns/{campaign.pk}/when/",
        {"leaves": "later", "date": day.isoformat(), "time": "09:30"},
    )
    assert "Approve and schedule" in text(client, f"{at}?count=1")
    leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1"})

    campaign.refresh_from_db()
    first = Round.objects.get()
    assert campaign.state == CampaignState.SCHEDULED
    assert first.scheduled_for is not None
    assert cast_local(first, "Europe/Madrid") == f"{day.isoformat()} 09:30"
    page = text(client, f"/campaigns/{campaign.pk}/")
    assert "The pre-flight runs again at that moment." in page

    assert leads(client, f"/campaigns/{campaign.pk}/unschedule/").endswith("/check/")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT


def cast_local(found: Round, zone: str) -> str:
    from zoneinfo import ZoneInfo

    assert found.scheduled_for is not None
    return found.scheduled_for.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("date", "time", "sentence"),
    [
        ("", "", "Choose a date."),
        ("2027-06-01", "", "Choose a time."),
        ("2020-06-01", "10:00", "This moment is over"),
        ("2027-03-28", "02:30", "The clocks skip this hour"),
        ("31/12", "10:00", "Enter a valid date."),
    ],
)
def it_refuses_moments_that_are_none(ona: Shop, date: str, time: str, sentence: str) -> None:
    client, campaign = member(ona), draft(ona)

    answer = client.post(f"/campaigns/{campaign.pk}/when/", {"leaves": "later", "date": date, "time": time})

    assert sentence in answer.content.decode()
    assert Round.objects.get().scheduled_for is None


def it_asks_for_the_number_of_people_above_a_threshold(ona: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_count, "TYPED_ABOVE", 0)
    client, campaign = member(ona), draft(ona)
    assert 'name="typed"' in text(client, f"/campaigns/{campaign.pk}/check/?count=1")

    for typed in ("", "2", "x"):
        leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1", "typed": typed})
        campaign.refresh_from_db()
        assert campaign.state == CampaignState.DRAFT

    leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1", "typed": " 1 "})
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.PREPARING


@pytest.mark.parametrize("shown", ["", "x", "-1", "9" * 40])
def it_launches_nothing_that_was_not_shown(ona: Shop, shown: str) -> None:
    client, campaign = member(ona), draft(ona)

    at = leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": shown})

    assert at == f"/campaigns/{campaign.pk}/check/"
    assert not Delivery.objects.exists()


def it_does_not_launch_to_more_people_than_were_shown(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    agreed(ona, "Dunia")

    at = leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1"})
    watched = re.search(r'hx-get="([^"]*seen=preparing[^"]*)"', text(client, at))
    assert watched
    work_once(owner="test")

    # Whoever watches is led to the check; whoever comes later finds the reason too.
    answer = client.get(watched[1], headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/campaigns/{campaign.pk}/check/"
    for page in (at, f"/campaigns/{campaign.pk}/check/"):
        assert "More people would get it by now" in text(client, page)
    assert not Delivery.objects.exists()


def it_can_be_stopped_while_it_is_prepared(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)
    leads(client, f"/campaigns/{campaign.pk}/launch/", {"shown": "1"})

    assert leads(client, f"/campaigns/{campaign.pk}/unschedule/") == f"/campaigns/{campaign.pk}/"

    work_once(owner="test")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT
    assert not Delivery.objects.exists()


def it_says_what_forbids_the_launch_and_offers_none(ona: Shop) -> None:
    Template.objects.update(
        synced_at=NOON - timedelta(days=900), components=[{"type": "BODY", "text": "Bon dia"}]
    )
    client, campaign = member(ona), draft(ona, values={})

    page = text(client, f"/campaigns/{campaign.pk}/check/?count=1")

    assert "does not say how to leave" in page
    assert "Read the templates from Meta again" in page
    assert "It cannot leave yet" in page
    assert 'id="launch"' not in page


def it_says_how_more_people_than_meta_takes_today_spread_over_days(ona: Shop) -> None:
    agreed(ona, "Dunia")
    portfolio = ona.number.portfolio
    portfolio.messaging_limit = 1
    portfolio.save()

    page = text(member(ona), f"/campaigns/{draft(ona).pk}/check/?count=1")

    assert "Meta lets you write to 1 people a day: 1 of 2 leave at once" in page


def it_reaches_no_step_before_its_turn(ona: Shop) -> None:
    client = member(ona)
    at = leads(client, "/campaigns/new/", whom(ona))
    campaign = Campaign.objects.get()

    for step in ("when", "check"):
        assert client.get(f"/campaigns/{campaign.pk}/{step}/")["Location"] == at
    assert "Go on: what" in text(client, "/campaigns/")


@pytest.mark.parametrize("step", ["whom", "what", "when", "check"])
def it_leads_from_the_steps_of_what_was_launched_to_its_page(ona: Shop, step: str) -> None:
    campaign = draft(ona)
    Campaign.objects.update(state=CampaignState.SENDING)

    answer = member(ona).get(f"/campaigns/{campaign.pk}/{step}/")

    assert answer["Location"] == f"/campaigns/{campaign.pk}/"


def it_copies_a_campaign_and_deletes_a_draft(ona: Shop) -> None:
    client, campaign = member(ona), draft(ona)

    at = leads(client, f"/campaigns/{campaign.pk}/copy/")
    copied = Campaign.objects.latest("pk")
    assert (at, copied.name) == (f"/campaigns/{copied.pk}/whom/", "Copy of autumn")

    assert "Delete this draft?" in text(client, f"/campaigns/{copied.pk}/delete/")
    assert leads(client, f"/campaigns/{copied.pk}/delete/") == "/campaigns/"
    assert list(Campaign.objects.all()) == [campaign]
