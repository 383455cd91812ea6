"""Numbers over the Graph API: registered, verified, described; block lists, codes, usernames, Flows, signups."""

import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Number, Rules

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

NUMBER, OTHER, WABA = "106540352242922", "106540352240002", "102290129340398"
ASHA, BILAL = "+34600000001", "+34600000002"
HOUR_S, DAY_S = 3_600, 86_400
WHATSAPP = {"messaging_product": "whatsapp"}


def post(simulator: RunningSimulator, edge: str, body: Any = None) -> Reply:
    return simulator.graph("POST", f"{NUMBER}/{edge}" if edge else NUMBER, body or {})


def heard(receiver: Receiver, field: str) -> list[dict[str, Any]]:
    changes = [change for webhook in receiver.webhooks for change in webhook.changes]
    return [change["value"] for change in changes if change["field"] == field]


def it_wants_the_pin_that_was_set_first(simulator: RunningSimulator) -> None:
    assert post(simulator, "register", {**WHATSAPP, "pin": "212834"}).body == {"success": True}

    codes = [post(simulator, "register", {**WHATSAPP, "pin": "000000"}).code for _ in range(6)]
    simulator.advance(HOUR_S + 1)

    assert codes == [133005, 133009, 133009, 133009, 133009, 133008]
    assert post(simulator, "register", {**WHATSAPP, "pin": "212834"}).status == 200
    assert post(simulator, "register", {**WHATSAPP, "pin": "21283"}).code == 100
    assert post(simulator, "register", {"pin": "212834"}).code == 100


def it_takes_ten_registrations_in_three_days(simulator: RunningSimulator, send: Sender) -> None:
    for _ in range(5):
        assert post(simulator, "deregister").status == 200
        assert send(simulator).code == 133010
        assert post(simulator, "register", {**WHATSAPP, "pin": "212834"}).status == 200

    assert post(simulator, "deregister").code == 133016
    assert post(simulator, "register", {**WHATSAPP, "pin": "212834"}).code == 133016
    simulator.advance(72 * HOUR_S)
    assert post(simulator, "deregister").status == 200
    assert post(simulator, "deregister").code == 133010


def it_adds_a_number_verifies_and_registers_it(simulator: RunningSimulator) -> None:
    told = {"cc": "34", "phone_number": "931 234 567", "verified_name": "Botiga Exemple"}
    added = simulator.graph("POST", f"{WABA}/phone_numbers", told).body["id"]

    def ask(edge: str, body: Any) -> Reply:
        return simulator.graph("POST", f"{added}/{edge}", body)

    assert simulator.graph("POST", f"{WABA}/phone_numbers", told).code == 2388012
    assert ask("register", {**WHATSAPP, "pin": "212834"}).code == 133006
    assert ask("request_code", {"code_method": "PIGEON", "language": "en_US"}).code == 100
    assert ask("request_code", {"code_method": "SMS", "language": "en_US"}).status == 200
    code = simulator.control("GET", f"numbers/{added}")["code"]
    wrong = "000000" if code != "000000" else "111111"
    assert ask("verify_code", {"code": wrong}).code == 100
    assert ask("verify_code", {"code": code}).body == {"success": True, "id": added}
    assert ask("request_code", {"code_method": "SMS", "language": "en_US"}).code == 136024
    assert ask("register", {**WHATSAPP, "pin": "212834"}).status == 200
    shown = simulator.graph("GET", f"{added}?fields=status,code_verification_status,is_pin_enabled").body
    assert shown == {
        "status": "CONNECTED",
        "code_verification_status": "VERIFIED",
        "is_pin_enabled": True,
        "id": added,
    }


def it_has_room_for_two_numbers_at_the_lowest_limit(start: Starter) -> None:
    number = Number(
        phone_number_id=NUMBER, display_phone_number="+1 555-010-0100", messaging_limit="TIER_250"
    )
    simulator = start(setup={"numbers": (number,)})

    told = [{"cc": "34", "phone_number": f"93123456{n}", "verified_name": "A"} for n in range(2)]

    assert [simulator.graph("POST", f"{WABA}/phone_numbers", one).code for one in told] == [None, 100]


def it_keeps_profile_and_settings(simulator: RunningSimulator) -> None:
    profile = {"about": "Flors i plantes", "vertical": "RETAIL", "websites": ["https://example.com"]}
    assert post(simulator, "whatsapp_business_profile", {**WHATSAPP, **profile}).status == 200
    path = f"{NUMBER}/whatsapp_business_profile?fields=about,websites"

    assert simulator.graph("GET", path).body["data"] == [
        {"messaging_product": "whatsapp", "about": "Flors i plantes", "websites": ["https://example.com"]}
    ]
    for wrong in (
        {"about": ""},
        {"about": "a" * 140},
        {"vertical": "MOON"},
        {"websites": ["a"]},
        {"websites": ["https://a"] * 3},
    ):
        assert post(simulator, "whatsapp_business_profile", {**WHATSAPP, **wrong}).code == 100
    assert (
        post(simulator, "settings", {"user_identity_change": {"enable_identity_key_check": True}}).status
        == 200
    )
    assert simulator.graph("GET", f"{NUMBER}/settings").body["user_identity_change"] == {
        "enable_identity_key_check": True
    }
    mistakes: tuple[dict[str, Any], ...] = (
        {}, {"storage_configuration": {"status": "ON_THE_MOON"}}, {"user_identity_change": {}},
    )  # fmt: skip
    for bad in mistakes:
        assert post(simulator, "settings", bad).code == 100


def it_writes_short_links(simulator: RunningSimulator) -> None:
    made = post(simulator, "message_qrdls", {"prefilled_message": "JOIN", "generate_qr_image": "SVG"}).body
    path = f"{NUMBER}/message_qrdls"

    assert made["deep_link_url"] == f"https://wa.me/message/{made['code']}"
    assert set(made) == {"code", "prefilled_message", "deep_link_url", "qr_image_url"}
    post(simulator, "message_qrdls", {"prefilled_message": "APUNTA'M", "code": made["code"]})
    assert simulator.graph("GET", f"{path}/{made['code']}").body["data"][0]["prefilled_message"] == "APUNTA'M"
    assert len(simulator.graph("GET", path).body["data"]) == 1
    assert post(simulator, "message_qrdls", {"prefilled_message": "a" * 141}).code == 100
    assert simulator.graph("DELETE", f"{path}/{made['code']}").body == {"success": True}
    assert simulator.graph("DELETE", f"{path}/{made['code']}").body["error"]["error_subcode"] == 33


def it_keeps_ice_breakers_commands_and_a_key(simulator: RunningSimulator) -> None:
    commands = [{"command_name": "stop", "command_description": "Stop all promotions"}]
    assert (
        post(
            simulator, "conversational_automation", {"prompts": ["What is new?"], "commands": commands}
        ).status
        == 200
    )

    shown = simulator.graph("GET", f"{NUMBER}?fields=conversational_automation").body
    assert shown["conversational_automation"] == {"prompts": ["What is new?"], "commands": commands}
    for wrong in (
        {"prompts": ["a"] * 5},
        {"prompts": ["a" * 81]},
        {"prompts": ["Hi 🎉"]},
        {"commands": commands * 2},
        {"commands": [{"command_name": "a" * 33, "command_description": "b"}]},
    ):
        assert post(simulator, "conversational_automation", wrong).code == 100
    key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    assert post(simulator, "whatsapp_business_encryption", {"business_public_key": key}).status == 200
    assert (
        simulator.graph("GET", f"{NUMBER}/whatsapp_business_encryption").body["data"][0][
            "business_public_key"
        ]
        == key
    )
    assert post(simulator, "whatsapp_business_encryption", {"business_public_key": "key"}).code == 100


def it_takes_a_username_that_is_free(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.control("POST", "people", {"people": [{"phone": ASHA, "username": "ona.exemple"}]})
    (suggested,) = simulator.graph("GET", f"{NUMBER}/username_suggestions").body["data"]

    assert suggested["username_suggestions"][0] == "example.shop"
    assert post(simulator, "username", {"username": "ona.exemple"}).code == 147001
    assert post(simulator, "username", {"username": "1"}).code == 100
    assert post(simulator, "username", {"username": "Example.Shop"}).status == 200
    assert simulator.graph("GET", f"{NUMBER}/username").body == {
        "username": "example.shop",
        "status": "approved",
    }
    assert simulator.graph("DELETE", f"{NUMBER}/username").status == 200
    simulator.advance(0)
    assert [one["status"] for one in heard(receiver, "business_username_updates")] == ["approved", "deleted"]


def it_blocks_only_people_who_wrote_today(simulator: RunningSimulator, send: Sender) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    users = {**WHATSAPP, "block_users": [{"user": ASHA}, {"user": BILAL}, {"user": "nobody"}]}

    answer = post(simulator, "block_users", users)

    assert (answer.status, answer.code) == (400, 139100)
    assert [one["input"] for one in answer.body["block_users"]["added_users"]] == [ASHA]
    failed = answer.body["block_users"]["failed_users"]
    assert [(one["input"], one["errors"][0]["code"]) for one in failed] == [
        (BILAL, 131047),
        ("nobody", 131009),
    ]
    assert send(simulator, ASHA).code == 130403
    assert [row["wa_id"] for row in simulator.graph("GET", f"{NUMBER}/block_users").body["data"]] == [
        "34600000001"
    ]
    gone = simulator.graph("DELETE", f"{NUMBER}/block_users", {**WHATSAPP, "block_users": [{"user": ASHA}]})
    assert gone.body["block_users"]["removed_users"] == [{"input": ASHA, "wa_id": "34600000001"}]
    assert send(simulator, ASHA).status == 200


def it_does_not_block_after_a_day(simulator: RunningSimulator) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.advance(DAY_S + 1)

    assert post(simulator, "block_users", {**WHATSAPP, "block_users": [{"user": ASHA}]}).code == 139100


SIGNUP = {
    "signup_message": "Get our news.",
    "confirmation_message": "You are in.",
    "privacy_policy_url": "https://example.com/privacy",
}
TERMS = {"tos": "https://www.facebook.com/legal/ads-manager-marketing-messages-terms", "accepted": True}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 2494168),
        ({"policy": {"tos": "https://example.com", "accepted": True}}, 2494177),
        ({"policy": {**TERMS, "accepted": False}}, 2494168),
        ({"policy": TERMS, "confirmation_message": "Your {{colour}}."}, 2494166),
        ({"policy": TERMS, "confirmation_message": "Your {{promo_code}}."}, 2494167),
        ({"policy": TERMS, "website_url": "http://example.com"}, 2494179),
        ({"policy": TERMS, "signup_message": "a" * 301}, 100),
    ],
)
def it_refuses_a_signup(simulator: RunningSimulator, change: dict[str, Any], code: int) -> None:
    assert simulator.graph("POST", f"{WABA}/signups", {**SIGNUP, **change}).code == code


def it_makes_signups_and_changes_them(simulator: RunningSimulator) -> None:
    first = simulator.graph("POST", f"{WABA}/signups", {**SIGNUP, "policy": TERMS}).body["id"]

    assert simulator.graph("POST", f"{WABA}/signups", {**SIGNUP, "policy": TERMS}).code == 2494176
    assert simulator.graph("POST", f"{WABA}/signups", SIGNUP).status == 200
    assert len(simulator.graph("GET", f"{WABA}/signups").body["data"]) == 2
    assert simulator.graph("POST", f"signups/{first}", {"status": "DISABLED"}).body == {"success": True}
    assert simulator.graph("GET", f"{first}?fields=status").body == {"status": "DISABLED", "id": first}
    assert simulator.graph("POST", first, {"privacy_policy_url": "https://example.com/b"}).code == 100
    assert simulator.graph("GET", "signups/7").code == 2494164


def _upload(simulator: RunningSimulator, flow: str, file: bytes) -> bytes:
    parts = [("name", None, b"flow.json"), ("asset_type", None, b"FLOW_JSON"), ("file", "flow.json", file)]
    body = b"".join(
        b'--edge\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
        % (name.encode(), f'; filename="{filename}"'.encode() if filename else b"", content)
        for name, filename, content in parts
    )
    asking = urllib.request.Request(
        f"{simulator.url}/v26.0/{flow}/assets",
        data=body + b"--edge--\r\n",
        headers={
            "Authorization": "Bearer simulated-access-token",
            "Content-Type": "multipart/form-data; boundary=edge",
        },
    )
    with urllib.request.urlopen(asking, timeout=10) as answer:
        return bytes(answer.read())


def it_takes_so_many_flows(start: Starter) -> None:
    simulator = start(rules=Rules(most_flows=2))

    def create(name: str) -> Reply:
        return simulator.graph("POST", f"{WABA}/flows", {"name": name, "categories": ["OTHER"]})

    first = create("One").body["id"]
    assert [create("Two").status, create("Three").code] == [200, 100]
    simulator.graph("DELETE", first)
    assert create("Three").status == 200


def it_takes_a_flow_from_draft_to_deprecated(simulator: RunningSimulator) -> None:
    flow = simulator.graph("POST", f"{WABA}/flows", {"name": "Topics", "categories": ["OTHER"]}).body["id"]

    assert simulator.graph("POST", f"{WABA}/flows", {"name": "Topics", "categories": ["OTHER"]}).code == 100
    assert simulator.graph("POST", f"{flow}/publish").code == 139002
    assert b"INVALID_JSON" in _upload(simulator, flow, b"{")
    assert b"INVALID_JSON" in _upload(simulator, flow, b"9" * 5000)
    assert simulator.graph("POST", f"{flow}/publish").code == 139002
    assert b'"validation_errors":[]' in _upload(simulator, flow, b'{"version":"7.0","screens":[{"id":"A"}]}')
    assert simulator.graph("POST", f"{flow}/deprecate").code == 139003
    assert simulator.graph("POST", f"{flow}/publish").body == {"success": True}
    assert simulator.graph("DELETE", flow).code == 139004
    assert simulator.graph("POST", f"{flow}/deprecate").body == {"success": True}
    assert simulator.graph("GET", f"{flow}?fields=name,status").body == {
        "name": "Topics",
        "status": "DEPRECATED",
        "id": flow,
    }
    assert [row["name"] for row in simulator.graph("GET", f"{flow}/assets").body["data"]] == ["flow.json"]
    draft = simulator.graph("POST", f"{WABA}/flows", {"name": "Two", "categories": '["SURVEY"]'}).body["id"]
    assert simulator.graph("DELETE", draft).status == 200
    assert [row["id"] for row in simulator.graph("GET", f"{WABA}/flows").body["data"]] == [flow]


def it_blocks_people_on_the_number_told_and_hears_them_on_others(
    start: Starter, receiver: Receiver, send: Sender
) -> None:
    numbers = tuple(
        Number(phone_number_id=number, display_phone_number=f"+1 555-010-{number[-4:]}", mps=1000)
        for number in (NUMBER, OTHER)
    )
    simulator = start(setup={"numbers": numbers})

    def write(number: str, text: str) -> None:
        simulator.control("POST", f"people/{ASHA}/write", {"text": text, "phone_number_id": number})

    def blocked(number: str) -> list[str]:
        return [row["wa_id"] for row in simulator.graph("GET", f"{number}/block_users").body["data"]]

    simulator.control("POST", f"people/{ASHA}/block", {"by": "business", "phone_number_id": NUMBER})
    assert (blocked(NUMBER), blocked(OTHER)) == (["34600000001"], [])
    write(NUMBER, "Baixa")
    write(OTHER, "Hola")
    simulator.advance(0)
    assert [message["text"]["body"] for message in receiver.messages] == ["Hola"]
    assert simulator.control("GET", "counts")["stops"] == {}
    assert send(simulator, ASHA).code == 130403

    # Left out, the number means all of them.
    simulator.control("POST", f"people/{ASHA}/block", {"by": "business"})
    assert (blocked(NUMBER), blocked(OTHER)) == (["34600000001"], ["34600000001"])
    simulator.control("POST", f"people/{ASHA}/block", {"by": "business", "blocked": False})
    write(NUMBER, "Bon dia")
    simulator.advance(0)
    assert [message["text"]["body"] for message in receiver.messages] == ["Hola", "Bon dia"]
    assert simulator.control("GET", f"people/{ASHA}")["blocked_by_business"] is False
    assert send(simulator, ASHA).status == 200
