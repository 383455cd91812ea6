"""What a send is answered with: accepted in Meta's shape, or refused with Meta's words, in Meta's order."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Number, Rules

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

NUMBER = "106540352242922"
FILLED: list[dict[str, Any]] = [
    {"type": "body", "parameters": [{"type": "text", "text": "Ona"}, {"type": "text", "text": "25OFF"}]},
    {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "r/AbC"}]},
    {
        "type": "button",
        "sub_type": "quick_reply",
        "index": 1,
        "parameters": [{"type": "payload", "payload": "out:1"}],
    },
]


def _text(*texts: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text} for text in texts]


def _body(*texts: Any) -> list[dict[str, Any]]:
    return [{"type": "body", "parameters": _text(*texts)}]


def it_accepts_a_template_with_a_fresh_id(simulator: RunningSimulator, send: Sender) -> None:
    first, second = send(simulator, "+34 600-000-001"), send(simulator, "+34600000001")

    wamid = first.body["messages"][0]["id"]
    assert first.status == 200
    assert first.body == {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+34 600-000-001", "wa_id": "34600000001"}],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    }
    assert wamid != second.body["messages"][0]["id"]


def it_hides_the_phone_in_the_message_id_as_meta_does(simulator: RunningSimulator, send: Sender) -> None:
    wamid = send(simulator).body["messages"][0]["id"]

    record = base64.b64decode(wamid.removeprefix("wamid."), validate=True)

    assert record[:3] == b"\x1c\x18\x0b"
    assert record[3:14] == b"34600000001"
    assert record[14:20] == b"\x15\x02\x00\x11\x18\x12"
    assert (len(record), record[-1]) == (39, 0)


def it_accepts_a_business_scoped_user_id(simulator: RunningSimulator, send: Sender) -> None:
    answer = send(simulator, None, recipient="US.10000000000000000101")

    assert answer.status == 200
    assert answer.body["contacts"] == [
        {"input": "US.10000000000000000101", "user_id": "US.10000000000000000101"}
    ]


def it_prefers_to_over_recipient(simulator: RunningSimulator, send: Sender) -> None:
    answer = send(simulator, "+34600000001", recipient="US.1")

    assert answer.body["contacts"] == [{"input": "+34600000001", "wa_id": "34600000001"}]


def it_puts_the_senders_country_before_a_number_without_plus(
    simulator: RunningSimulator, send: Sender
) -> None:
    answer = send(simulator, "(202) 555-0101")

    assert answer.body["contacts"][0]["wa_id"] == "12025550101"


def it_takes_digits_that_are_somebodys_wa_id_as_they_are(simulator: RunningSimulator, send: Sender) -> None:
    known, unknown = send(simulator, "+34600000001"), send(simulator, "34600000002")

    answer = send(simulator, known.body["contacts"][0]["wa_id"])

    assert answer.body["contacts"] == [{"input": "34600000001", "wa_id": "34600000001"}]
    assert unknown.body["contacts"][0]["wa_id"] == "134600000002"


def it_takes_digits_as_international_where_the_rules_say_so(start: Starter, send: Sender) -> None:
    simulator = start(rules=Rules(digits_without_plus="international"))

    first = send(simulator, "34600000001").body["contacts"][0]
    simulator.control("PUT", "rules", {})
    second = send(simulator, "34600000002").body["contacts"][0]

    assert (first["wa_id"], second["wa_id"]) == ("34600000001", "134600000002")


def it_writes_only_to_the_recipients_allowed_as_a_test_number_does(start: Starter, send: Sender) -> None:
    simulator = start(setup={"allowed_recipients": ("+34600000001", "ES.10000000000000000102")})

    told = [send(simulator, to).code for to in ("+34 600 000 001", "+34600000002")]
    told += [send(simulator, None, recipient=f"ES.1000000000000000010{i}").code for i in (2, 3)]

    assert told == [None, 131030, None, 131030]


def it_accepts_a_text_without_a_message_status(simulator: RunningSimulator, write_text: Sender) -> None:
    answer = write_text(simulator)

    assert answer.status == 200
    assert list(answer.body["messages"][0]) == ["id"]


def it_takes_a_missing_type_as_text(simulator: RunningSimulator) -> None:
    body = {"messaging_product": "whatsapp", "to": "+34600000001", "text": {"body": "Hola"}}

    assert simulator.graph("POST", f"{NUMBER}/messages", body).status == 200


def it_writes_down_the_message_as_the_person_sees_it(simulator: RunningSimulator, send: Sender) -> None:
    send(simulator, name="autumn_newsletter", components=FILLED, biz_opaque_callback_data="token-1")

    (row,) = simulator.control("GET", "accepted")["data"]
    assert row["content"] == (
        "Hola Ona, fes servir el codi 25OFF fins diumenge.\n"
        "Botiga Exemple\n"
        "[Obre] https://example.com/r/AbC\n"
        "[Atura promocions]"
    )
    assert (row["token"], row["address"], row["template"], row["language"]) == (
        "token-1",
        "+34600000001",
        "autumn_newsletter",
        "ca",
    )


def it_gives_the_same_content_the_same_hash_whatever_the_token(
    simulator: RunningSimulator, send: Sender
) -> None:
    send(simulator, biz_opaque_callback_data="one")
    send(simulator, biz_opaque_callback_data="two")
    send(simulator, name="plain_es")

    first, second, other = (row["content_hash"] for row in simulator.control("GET", "accepted")["data"])
    assert first == second
    assert other != first


def it_fills_named_parameters_in_any_order(simulator: RunningSimulator, send: Sender) -> None:
    parameters = [
        {"type": "text", "parameter_name": "code", "text": "25OFF"},
        {"type": "text", "parameter_name": "first_name", "text": "Ona"},
    ]

    answer = send(simulator, name="named", components=[{"type": "body", "parameters": parameters}])

    assert answer.status == 200
    (row,) = simulator.control("GET", "accepted")["data"]
    assert row["content"] == "Dear Ona, your code is 25OFF."


def it_fills_header_currency_and_date(simulator: RunningSimulator, send: Sender) -> None:
    components = [
        {"type": "header", "parameters": _text("Ona")},
        {
            "type": "body",
            "parameters": [
                {
                    "type": "currency",
                    "currency": {"fallback_value": "9 €", "code": "EUR", "amount_1000": 9000},
                },
                {"type": "date_time", "date_time": {"fallback_value": "22 November"}},
            ],
        },
    ]

    assert send(simulator, name="with_header", components=components).status == 200
    (row,) = simulator.control("GET", "accepted")["data"]
    assert row["content"] == "For Ona\nPay 9 € until 22 November."


def it_marks_an_inbound_message_as_read(simulator: RunningSimulator) -> None:
    person = simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": person["chat"][0]["wamid"]}

    answer = simulator.graph("POST", f"{NUMBER}/messages", body)

    assert (answer.status, answer.body) == (200, {"success": True})


def it_refuses_to_mark_what_nobody_wrote(simulator: RunningSimulator, send: Sender) -> None:
    outbound = send(simulator).body["messages"][0]["id"]

    for message_id in (outbound, "wamid.nonsense", 7):
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
        assert simulator.graph("POST", f"{NUMBER}/messages", body).code == 131009


WRONG_BODIES: dict[str, tuple[dict[str, Any], int, int]] = {
    "no address": ({"to": None}, 400, 100),
    "address not a string": ({"to": 34600000001}, 400, 131009),
    "address without digits": ({"to": "+somebody"}, 400, 131009),
    "address too short": ({"to": "+123"}, 400, 131009),
    "user id malformed": ({"to": None, "recipient": "nobody"}, 400, 131009),
    "own number": ({"to": "+15550100100"}, 400, 131021),
    "no product": ({"messaging_product": None}, 400, 100),
    "other product": ({"messaging_product": "messenger"}, 400, 100),
    "unknown type": ({"type": "smoke_signal"}, 400, 131051),
    "type not a string": ({"type": ["text"]}, 400, 100),
    "template member missing": ({"template": None}, 400, 131008),
    "template not an object": ({"template": "plain_ca"}, 400, 131009),
    "template without name": ({"template": {"language": {"code": "ca"}}}, 400, 131008),
    "template without language": ({"template": {"name": "plain_ca"}}, 400, 131008),
    "components not a list": (
        {"template": {"name": "plain_ca", "language": {"code": "ca"}, "components": {}}},
        400,
        131009,
    ),
    "group": ({"recipient_type": "group"}, 400, 131215),
    "text member missing": ({"type": "text"}, 400, 131008),
    "text empty": ({"type": "text", "text": {"body": ""}}, 400, 131008),
    "text not a string": ({"type": "text", "text": {"body": 3}}, 400, 131009),
    "text too long": ({"type": "text", "text": {"body": "x" * 4097}}, 400, 100),
    "callback data too long": ({"biz_opaque_callback_data": "x" * 513}, 400, 100),
    "callback data not a string": ({"biz_opaque_callback_data": {"a": 1}}, 400, 131009),
}


@pytest.mark.parametrize("case", WRONG_BODIES)
def it_refuses_a_wrong_body_with_metas_code(simulator: RunningSimulator, send: Sender, case: str) -> None:
    members, status, code = WRONG_BODIES[case]

    answer = send(simulator, **members)

    assert (answer.status, answer.code) == (status, code)
    assert answer.body["error"]["type"] == "OAuthException"
    assert answer.body["error"]["fbtrace_id"]


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[1]", b"7", b'{"a":', b"\xff\xfe", b'"' + b"x" * 100 + b'"', b"[" * 50_000]
)
def it_refuses_a_body_that_is_no_json_object(simulator: RunningSimulator, body: bytes) -> None:
    answer = simulator.graph("POST", f"{NUMBER}/messages", body)

    assert (answer.status, answer.code) == (400, 100)


def it_refuses_a_body_of_more_than_a_megabyte(simulator: RunningSimulator) -> None:
    for size in (2, 9):
        answer = simulator.graph("POST", f"{NUMBER}/messages", b" " * size * 1024 * 1024)
        assert (answer.status, answer.code) == (413, 100)


WRONG_TEMPLATES: dict[str, tuple[str, Any, int, str]] = {
    "unknown": ("nothing", None, 132001, "template name (nothing) does not exist in ca"),
    "pending": ("pending", None, 132001, "template name (pending) does not exist in en"),
    "paused": ("paused", None, 132015, "Template is paused due to low quality"),
    "disabled": ("disabled", None, 132016, "permanently disabled"),
    "too few": (
        "autumn_newsletter",
        [*_body("Ona"), FILLED[1]],
        132000,
        "body: number of localizable_params (1) does not match the expected number of params (2)",
    ),
    "too many": ("plain_ca", _body("Ona"), 132000, "number of localizable_params (1)"),
    "no url suffix": ("autumn_newsletter", [FILLED[0]], 131008, "Button at index 0 of type Url"),
    "button that is not there": (
        "plain_ca",
        [{"type": "button", "sub_type": "url", "index": 4, "parameters": []}],
        132000,
        "no button at that index",
    ),
    "button of another type": (
        "autumn_newsletter",
        [FILLED[0], FILLED[1], {**FILLED[1], "index": "1"}],
        132012,
        "Button at index 1 is of type QUICK_REPLY",
    ),
    "image missing": (
        "with_image",
        None,
        132012,
        "header: Format mismatch, expected IMAGE, received UNKNOWN",
    ),
    "image as text": (
        "with_image",
        [{"type": "header", "parameters": _text("x")}],
        132012,
        "expected IMAGE, received TEXT",
    ),
    "object as text": ("autumn_newsletter", _body("Ona", {"a": 1}), 131008, "missing text value"),
    "image as body": (
        "autumn_newsletter",
        [{"type": "body", "parameters": [{"type": "image"}, {"type": "image"}]}],
        132012,
        "expected TEXT, received IMAGE",
    ),
    "name missing": ("named", _body("Ona", "25OFF"), 132000, "Parameter name"),
    "unknown component": ("plain_ca", [{"type": "hat"}], 132012, "unexpected component"),
    "new line": ("autumn_newsletter", _body("O\nna", "x"), 132018, "new-line"),
    "tab": ("autumn_newsletter", _body("O\tna", "x"), 132018, "new-line"),
    "five spaces": ("autumn_newsletter", _body("O     na", "x"), 132018, "4 consecutive spaces"),
}


@pytest.mark.parametrize("case", WRONG_TEMPLATES)
def it_refuses_a_template_that_cannot_be_filled(simulator: RunningSimulator, send: Sender, case: str) -> None:
    template, components, code, details = WRONG_TEMPLATES[case]

    answer = send(simulator, name=template, components=components)

    assert (answer.status, answer.code) == (404 if code == 132001 else 400, code)
    assert details in answer.body["error"]["error_data"]["details"]


def it_accepts_four_spaces_in_a_row(simulator: RunningSimulator, send: Sender) -> None:
    components = [*_body("O    na", "x"), FILLED[1]]

    assert send(simulator, name="autumn_newsletter", components=components).status == 200


def it_refuses_a_language_the_template_does_not_have(simulator: RunningSimulator, send: Sender) -> None:
    assert send(simulator, language="fr").code == 132001


@pytest.mark.parametrize(
    ("status", "http_status", "code"),
    [("PENDING", 400, 133010), ("DELETED", 400, 133010), ("BANNED", 403, 131031)],
)
def it_refuses_a_number_that_may_not_send(
    start: Starter, send: Sender, status: str, http_status: int, code: int
) -> None:
    number = Number(phone_number_id=NUMBER, display_phone_number="+15550100100", status=status)  # type: ignore[arg-type] # all are literals of the status

    answer = send(start(setup={"numbers": (number,)}), name="nothing")

    assert (answer.status, answer.code) == (http_status, code)


def it_refuses_people_on_the_block_list(simulator: RunningSimulator, send: Sender) -> None:
    simulator.control("POST", "people/+34600000001/block", {"by": "business"})

    assert send(simulator).code == 130403

    simulator.control("POST", "people/+34600000001/block", {"by": "business", "blocked": False})
    assert send(simulator).status == 200


def it_refuses_a_code_to_a_user_id(simulator: RunningSimulator, send: Sender) -> None:
    assert send(simulator, None, "plain_code", recipient="US.1").code == 131062
    assert send(simulator, name="plain_code").status == 200


def it_takes_marketing_templates_on_the_marketing_endpoint(simulator: RunningSimulator, send: Sender) -> None:
    answer = send(
        simulator, endpoint="marketing_messages", product_policy="STRICT", message_activity_sharing=False
    )

    assert answer.status == 200
    assert simulator.control("GET", "accepted")["data"][0]["endpoint"] == "marketing_messages"


def it_takes_nothing_else_there(simulator: RunningSimulator, send: Sender) -> None:
    utility = send(simulator, name="plain_utility", endpoint="marketing_messages")
    text = send(simulator, endpoint="marketing_messages", type="text", text={"body": "Hola"})
    receipt = simulator.graph(
        "POST", f"{NUMBER}/marketing_messages", {"messaging_product": "whatsapp", "status": "read"}
    )

    assert (utility.status, utility.code) == (400, 134100)
    assert (text.code, text.body["error"]["error_data"]["details"]) == (
        100,
        "Message must be a template message.",
    )
    assert receipt.code == 131055


def it_refuses_unknown_marketing_options(simulator: RunningSimulator, send: Sender) -> None:
    assert send(simulator, endpoint="marketing_messages", product_policy="MAYBE").code == 100
    assert send(simulator, endpoint="marketing_messages", message_activity_sharing="no").code == 100


def it_refuses_marketing_on_messages_where_the_account_switched_it_off(start: Starter, send: Sender) -> None:
    simulator = start(setup={"disable_marketing_messages_on_cloud_api": True})

    assert send(simulator).code == 131063
    assert send(simulator, name="plain_utility").status == 200
    assert send(simulator, endpoint="marketing_messages").status == 200


def it_refuses_strict_marketing_where_the_account_is_not_onboarded(start: Starter, send: Sender) -> None:
    simulator = start(setup={"marketing_messages_onboarding_status": "ELIGIBLE"})

    assert send(simulator, endpoint="marketing_messages", product_policy="STRICT").code == 134102
    assert send(simulator, endpoint="marketing_messages").status == 200
