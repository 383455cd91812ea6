"""The shop of the cluster: its people as files, its numbers, and one campaign for each number."""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from difusio.accounts.first_run import make_owner
from difusio.campaigns.launch import launch
from difusio.campaigns.models import CampaignKind
from difusio.campaigns.plan import Message, plan
from difusio.common.clock import now
from difusio.consent.models import TopicKind
from difusio.consent.topics import add_topic
from difusio.imports.people import import_people
from difusio.message_templates.sync import sync
from difusio.numbers.add import NewNumber, add
from difusio.segments.models import Segment

TOKEN: Final = "token-of-the-cluster"
APP_SECRET: Final = "secret-of-the-cluster"
VERIFY_TOKEN: Final = "word-of-the-cluster"
WABA_ID: Final = "700000000000002"
TOPIC: Final = "offers"

# Of so many one never agreed: the campaigns must leave them out.
_NEVER_AGREED: Final = 25
_FIRST_NAMES: Final = ("Asha", "Bilal", "Chen", "Dolors", "Emma", "Ferran", "Güell", "Høgni")


@dataclass(frozen=True, slots=True)
class Branch:
    """One number of the shop, with its campaign to the people who buy there."""

    place: int
    campaign_id: int
    segment: dict[str, str]

    @property
    def template(self) -> str:
        """Name its template."""
        return template_name(self.place)


def write_people(folder: Path, *, people: int, branches: int, at: datetime) -> None:
    """Write the files that are imported, and from which the checker knows who should get what."""
    agreed_at = (at - timedelta(days=30)).replace(microsecond=0).isoformat()
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                *("customer", "phone", "first_name", "language", "country", "branch", "topic"),
                *("consent", "consent_at", "consent_wording", "consent_source", "consent_proof"),
            ]
        )
        for place in range(people):
            person = [
                f"C{place:07d}",
                f"+34600{place:06d}",
                _FIRST_NAMES[place % len(_FIRST_NAMES)],
                "ca",
                "ES",
            ]
            agreed = [
                TOPIC,
                "granted",
                agreed_at,
                "Accepto rebre ofertes per WhatsApp.",
                "web",
                f"form {place}",
            ]
            acts = [""] * len(agreed) if place % _NEVER_AGREED == 0 else agreed
            rows.writerow([*person, str(place % branches + 1), *acts])
    (folder / "orders.csv").write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n", "utf-8"
    )


def template_name(place: int) -> str:
    """Name the template of a branch: the checker tells campaigns apart by it."""
    return f"offers_{place}"


def phone_number_id(place: int) -> str:
    """Give Meta's id of a branch's number."""
    return f"7000000000001{place:02d}"


def scenario(*, branches: int, pace_per_s: int, callback_url: str, clock_rate: int) -> dict[str, Any]:
    """Say what the simulator plays: the account, and quick people, some of whom answer."""
    numbers = [
        {
            "phone_number_id": phone_number_id(place),
            "display_phone_number": f"+34 972 00 00 {place:02d}",
            "verified_name": "Botiga Ona",
            "mps": pace_per_s,
            "burst_s": 0.05,
        }
        for place in range(1, branches + 1)
    ]
    setup = {
        "app_secret": APP_SECRET,
        "access_token": TOKEN,
        "verify_token": VERIFY_TOKEN,
        "waba_id": WABA_ID,
        "numbers": numbers,
        "callback_url": callback_url,
        "verify_callback": False,
        "templates": [_template(place) for place in range(1, branches + 1)],
    }
    habits = {
        **dict.fromkeys(("leaves", "unreachable", "capped", "delivered_late", "missing_delivered"), 0.0),
        "delivered_and_failed": 0.0,
        "delivered": 1.0,
        "replies": 0.05,
        "reply_s": [5, 60],
        "sent_s": [0.2, 2],
        "delivered_s": [1, 20],
        "read_s": [1, 40],
        "webhook_retry_first_s": 3,
        "webhook_retry_longest_s": 30,
    }
    return {"seed": 7, "setup": setup, "habits": habits, "clock": {"rate": clock_rate}}


def open_shop(folder: Path, *, branches: int, pace_per_s: int, simulator_url: str) -> list[Branch]:
    """Take the people in, add the numbers, and plan a campaign for each."""
    at = now()
    workspace_id = make_owner(
        email="owner@cluster.example",
        password="four-candles-and-a-comb",
        workspace_name="Botiga Ona",
        language="ca",
        time_zone="Europe/Madrid",
        country="ES",
        at=at,
        is_demo=True,
    ).workspace_id
    topic = add_topic(workspace_id, key=TOPIC, name="Ofertes", kind=TopicKind.MARKETING, by="cluster", at=at)
    import_people(folder / "people.csv", workspace_id=workspace_id, by="cluster", at=at)
    return [
        _branch(place, workspace_id, topic.pk, pace_per_s=pace_per_s, simulator_url=simulator_url)
        for place in range(1, branches + 1)
    ]


def launch_all(branches: list[Branch]) -> None:
    """Launch every branch's campaign."""
    for branch in branches:
        launch(branch.campaign_id, by="cluster", at=now())


def _branch(place: int, workspace_id: int, topic_id: int, *, pace_per_s: int, simulator_url: str) -> Branch:
    at = now()
    number = add(
        NewNumber(
            waba_id=WABA_ID,
            phone_number_id=phone_number_id(place),
            display_phone=f"+34 972 00 00 {place:02d}",
            verified_name="Botiga Ona",
            access_token=TOKEN,
            app_id="700000000000001",
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
            api_url=simulator_url,
            pace_per_s=pace_per_s,
            messaging_limit=None,
        ),
        workspace_id=workspace_id,
        at=at,
    )
    sync(workspace_id=workspace_id, number_id=number.pk, at=at)
    segment = {"field": "fields.branch", "is": str(place)}
    campaign = plan(
        workspace_id=workspace_id,
        name=f"Ofertes {place}",
        kind=CampaignKind.OFFER,
        topic_id=topic_id,
        segment_id=Segment.objects.create(
            workspace_id=workspace_id, name=f"Botiga {place}", tree=segment, created_at=at
        ).pk,
        number_id=number.pk,
        message=Message(
            template_name(place), "ca", {"first_name": "{{ contact.first_name | default: 'amic' }}"}
        ),
        by="cluster",
        at=at,
    )
    return Branch(place, campaign.pk, segment)


def _template(place: int) -> dict[str, Any]:
    return {
        "id": f"7000000000002{place:02d}",
        "name": template_name(place),
        "language": "ca",
        "category": "MARKETING",
        "status": "APPROVED",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Publicitat · Botiga Ona"},
            {
                "type": "BODY",
                "text": f"Bon dia, {{{{first_name}}}}. Oferta de la botiga {place}. Respon BAIXA per no rebre'n més.",
                "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Ona"}]},
            },
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "No en vull rebre més"}]},
        ],
    }
