"""Reading the account: templates, numbers, the account itself; fields, filters, cursors."""

from base64 import urlsafe_b64encode
from urllib.parse import parse_qsl

import pytest
from whatsapp_simulator.running import RunningSimulator

WABA = "102290129340398"
NUMBER = "106540352242922"
TOKEN = "simulated-access-token"


def _names(simulator: RunningSimulator, query: str) -> list[str]:
    return [row["name"] for row in simulator.graph("GET", f"{WABA}/message_templates?{query}").body["data"]]


def it_lists_templates_as_meta_writes_them(simulator: RunningSimulator) -> None:
    row = simulator.graph("GET", f"{WABA}/message_templates?name=autumn").body["data"][0]

    assert list(row) == [
        "name", "parameter_format", "components", "language", "status", "category", "sub_category", "id",
    ]  # fmt: skip
    assert row["components"][0] == {
        "type": "BODY",
        "text": "Hola {{1}}, fes servir el codi {{2}} fins diumenge.",
    }


def it_gives_only_the_fields_asked_for_and_the_id(simulator: RunningSimulator) -> None:
    row = simulator.graph("GET", f"{WABA}/message_templates?fields=name,quality_score&limit=1").body["data"][
        0
    ]

    assert row == {
        "name": "autumn_newsletter",
        "quality_score": {"score": "UNKNOWN", "date": 0},
        "id": "1689556908129832",
    }


def it_filters_by_name_status_category_and_language(simulator: RunningSimulator) -> None:
    assert _names(simulator, "name=plain_e") == ["plain_es", "plain_en"]
    assert _names(simulator, "status=PAUSED") == ["paused"]
    assert _names(simulator, "category=utility") == ["plain_utility"]
    assert _names(simulator, "language=es") == ["plain_es"]
    assert _names(simulator, "name=plain&language=es&status=PENDING") == []


def it_walks_through_all_templates_with_cursors(simulator: RunningSimulator) -> None:
    everything = _names(simulator, "limit=1000")
    walked = []
    url = f"{simulator.url}/v26.0/{WABA}/message_templates?fields=name&limit=5"

    while url:
        page = simulator.graph("GET", url.removeprefix(f"{simulator.url}/v26.0/")).body
        walked += [row["name"] for row in page["data"]]
        url = page["paging"].get("next", "")

    assert walked == everything
    assert len(walked) == 12


def it_walks_back(simulator: RunningSimulator) -> None:
    first = simulator.graph("GET", f"{WABA}/message_templates?limit=2").body
    second = simulator.graph(
        "GET", f"{WABA}/message_templates?limit=2&after={first['paging']['cursors']['after']}"
    ).body

    back = _names(simulator, f"limit=2&before={second['paging']['cursors']['before']}")

    assert back == [row["name"] for row in first["data"]]


def it_walks_back_without_saying_a_row_twice(simulator: RunningSimulator) -> None:
    second = simulator.graph("GET", f"{WABA}/message_templates?limit=2&after=cm93OjI").body["paging"]

    back = _names(simulator, f"limit=5&before={second['cursors']['before']}")

    assert back == _names(simulator, "limit=2")


def it_keeps_what_was_asked_for_on_the_next_page(simulator: RunningSimulator) -> None:
    asked = "name_or_content=Something%20for&status=APPROVED&fields=name,status&limit=2"

    told = simulator.graph("GET", f"{WABA}/message_templates?{asked}&access_token={TOKEN}", token="").body

    _, _, query = told["paging"]["next"].partition("?")
    assert dict(parse_qsl(query)) == {**dict(parse_qsl(asked)), "after": told["paging"]["cursors"]["after"]}
    assert " " not in query


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("after=%25", 131059),
        ("after=abc", 131059),
        (f"after={urlsafe_b64encode(b'row:' + b'9' * 5000).decode()}", 131059),
        ("limit=0", 100),
        ("limit=x", 100),
        ("limit=" + "9" * 5000, 100),
    ],
    ids=lambda value: str(value)[:20],
)
def it_refuses_bad_cursors_and_limits(simulator: RunningSimulator, query: str, code: int) -> None:
    answer = simulator.graph("GET", f"{WABA}/message_templates?{query}")

    assert (answer.status, answer.code) == (400, code)


def it_refuses_fields_that_do_not_exist(simulator: RunningSimulator) -> None:
    answer = simulator.graph("GET", f"{NUMBER}?fields=id,shoe_size")

    assert answer.body["error"]["message"] == (
        "(#100) Tried accessing nonexisting field (shoe_size) on node type (WhatsAppBusinessPhoneNumber)"
    )


def it_lists_the_numbers(simulator: RunningSimulator) -> None:
    assert simulator.graph("GET", f"{WABA}/phone_numbers").body["data"] == [
        {
            "verified_name": "Example Shop",
            "display_phone_number": "+1 555-010-0100",
            "id": NUMBER,
            "quality_rating": "GREEN",
        }
    ]


def it_shows_a_number_with_nested_fields(simulator: RunningSimulator) -> None:
    fields = (
        "throughput{level},whatsapp_business_manager_messaging_limit,status,health_status{can_send_message}"
    )

    number = simulator.graph("GET", f"{NUMBER}?fields={fields}").body

    assert (number["throughput"], number["status"], number["id"]) == ({"level": "HIGH"}, "CONNECTED", NUMBER)
    assert number["health_status"]["can_send_message"] == "AVAILABLE"


def it_shows_the_account(simulator: RunningSimulator) -> None:
    asked = simulator.graph("GET", f"{WABA}?fields=marketing_messages_onboarding_status").body

    assert asked == {"marketing_messages_onboarding_status": "ONBOARDED", "id": WABA}
    assert list(simulator.graph("GET", WABA).body) == [
        "id",
        "name",
        "timezone_id",
        "message_template_namespace",
    ]


def it_shows_a_template_by_its_id(simulator: RunningSimulator) -> None:
    assert simulator.graph("GET", "1689556908129832?fields=name").body == {
        "name": "autumn_newsletter",
        "id": "1689556908129832",
    }
