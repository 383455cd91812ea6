"""Templates over the Graph API: what is taken, what is refused and with which words, lists and deletion."""

from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Rules

Starter = Callable[..., RunningSimulator]

WABA = "102290129340398"
DAY_S = 86_400
AT_ONCE = Rules(reviews=False)
HANDLE = {"header_handle": ["4::aW"]}


def body(text: str = "Something for everybody here.", *examples: str) -> dict[str, Any]:
    return {
        "type": "BODY",
        "text": text,
        **({"example": {"body_text": [list(examples)]}} if examples else {}),
    }


def buttons(*facts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(facts)}


def reply(text: str = "Stop promotions") -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def link(url: str = "https://example.com/{{1}}", **more: Any) -> dict[str, Any]:
    return {"type": "URL", "text": "Open", "url": url, "example": ["https://example.com/a"], **more}


def card(*facts: dict[str, Any], form: str = "IMAGE") -> dict[str, Any]:
    header = {"type": "HEADER", "format": form, "example": HANDLE}
    return {"components": [header, buttons(*(facts or (reply("More"),)))]}


def card_with(buttons: Any) -> dict[str, Any]:
    header = {"type": "HEADER", "format": "IMAGE", "example": HANDLE}
    return {"components": [header, {"type": "BUTTONS", "buttons": buttons}]}


def cards(*facts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "CAROUSEL", "cards": list(facts)}


OFFER = {
    "type": "LIMITED_TIME_OFFER",
    "limited_time_offer": {"text": "Expiring offer!", "has_expiration": True},
}
CODE = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}


def written(*components: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {
        "name": "news",
        "language": "ca",
        "category": "MARKETING",
        "components": list(components) or [body()],
        **facts,
    }


def create(simulator: RunningSimulator, facts: dict[str, Any]) -> Reply:
    return simulator.graph("POST", f"{WABA}/message_templates", facts)


GOOD = {
    "plain": written(),
    "named": written(
        {
            "type": "BODY",
            "text": "Dear {{first_name}}, use {{code}} until Sunday.",
            "example": {
                "body_text_named_params": [
                    {"param_name": "code", "example": "A"},
                    {"param_name": "first_name", "example": "Ona"},
                ]
            },
        },
        parameter_format="NAMED",
    ),
    "gif": written({"type": "HEADER", "format": "GIF", "example": HANDLE}, body()),
    "ten quick replies": written(body(), buttons(*(reply(f"Reply {n}") for n in range(10)))),
    "replies last": written(body(), buttons(link(), reply(), reply("No"))),
    "replies first": written(body(), buttons(reply(), link("https://example.com"))),
    "lifetime": written(message_send_ttl_seconds=43_200),
    "forever": written(category="UTILITY", message_send_ttl_seconds=-1),
    "tracking off": written(cta_url_link_tracking_opted_out=True),
    "cards with text": written(body(), cards(card(), card())),
    "one tap": written(
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 5},
        buttons(
            {**CODE, "otp_type": "ONE_TAP", "supported_apps": [{"package_name": "a", "signature_hash": "b"}]}
        ),
        category="AUTHENTICATION",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def it_takes_a_template_that_follows_the_rules(simulator: RunningSimulator, name: str) -> None:
    answer = create(simulator, GOOD[name])

    assert (answer.status, answer.body.get("status")) == (200, "PENDING"), answer.body


# What is wrong, and the subcode it is refused with; None: code 100 with a sentence.
REFUSED: list[tuple[str, dict[str, Any], int | None]] = [
    ("capital letters", written(name="News"), None),
    ("a name of 513", written(name="n" * 513), None),
    ("no name", written(name=None), None),
    ("Basque", written(language="eu"), None),
    ("a hyphen", written(language="en-US"), None),
    ("a category of old", written(category="TRANSACTIONAL"), None),
    ("another form", written(parameter_format="NUMBERED"), None),
    ("components no list", written(components="BODY"), None),
    ("two bodies", written(body(), body()), None),
    ("a component unknown", written(body(), {"type": "SIDEBAR"}), None),
    ("a member unknown", written({**body(), "buttons": []}), None),
    ("no body", written({"type": "FOOTER", "text": "Shop"}), 2388072),
    ("an empty body", written(body(" ")), 2388072),
    ("a body of 1025", written(body("a" * 1025)), 2388040),
    ("a gap", written(body("Hello {{1}} and {{3}} of us.", "a", "b")), 2388072),
    ("names in a numbered one", written(body("Hello {{name}} and welcome.", "a")), 2388072),
    (
        "numbers in a named one",
        written(body("Hello {{1}} and welcome.", "a"), parameter_format="NAMED"),
        2388072,
    ),
    ("no example", written(body("Hello {{1}} and welcome here.")), 2388072),
    ("one example of two", written(body("Hello {{1}} and {{2}} of our shop.", "a")), 2388072),
    ("a variable first", written(body("{{1}}, welcome to our shop.", "a")), 2388299),
    ("a variable last", written(body("Welcome to our shop {{1}}", "a")), 2388299),
    ("few words", written(body("Hi {{1}} {{2}} {{3}} there.", "a", "b", "c")), 2388293),
    ("a header of 61", written({"type": "HEADER", "format": "TEXT", "text": "h" * 61}, body()), 2388040),
    (
        "two variables in a header",
        written({"type": "HEADER", "format": "TEXT", "text": "For {{1}} and {{2}}"}, body()),
        2388047,
    ),
    ("no sample", written({"type": "HEADER", "format": "IMAGE"}, body()), 2388047),
    ("a header unknown", written({"type": "HEADER", "format": "SOUND"}, body()), 2388047),
    (
        "a GIF in utility",
        written({"type": "HEADER", "format": "GIF", "example": HANDLE}, body(), category="UTILITY"),
        2388047,
    ),
    ("a footer of 61", written(body(), {"type": "FOOTER", "text": "f" * 61}), 2388040),
    ("a variable in a footer", written(body(), {"type": "FOOTER", "text": "Shop {{1}}"}), 2388073),
    ("no buttons", written(body(), buttons()), None),
    ("eleven buttons", written(body(), buttons(*(reply(str(n)) for n in range(11)))), None),
    ("three links", written(body(), buttons(*(link("https://example.com") for _ in range(3)))), None),
    (
        "two phones",
        written(
            body(), buttons(*({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+1555010"},) * 2)
        ),
        None,
    ),
    ("a button unknown", written(body(), buttons({"type": "LEVER", "text": "Pull"})), None),
    ("a label of 26", written(body(), buttons(reply("a" * 26))), 2388040),
    ("no label", written(body(), buttons({"type": "QUICK_REPLY"})), None),
    ("replies apart", written(body(), buttons(reply(), link(), reply("No"))), None),
    ("a reply between links", written(body(), buttons(link(), reply(), link())), None),
    ("a variable inside a link", written(body(), buttons(link("https://example.com/{{1}}/a"))), None),
    ("a link without example", written(body(), buttons(link(example=None))), None),
    ("a link of 2001", written(body(), buttons(link("https://example.com/" + "a" * 2000))), 2388040),
    ("a link elsewhere", written(body(), buttons(link("ftp://example.com"))), None),
    ("a coupon of 21", written(body(), buttons({"type": "COPY_CODE", "example": "c" * 21})), 2388040),
    ("a flow of nothing", written(body(), buttons({"type": "FLOW", "text": "Choose"})), None),
    ("a code in marketing", written(body(), buttons(CODE)), None),
    ("an offer in utility", written(OFFER, body(), category="UTILITY"), None),
    ("an offer with a footer", written(OFFER, body(), {"type": "FOOTER", "text": "Shop"}), 2388073),
    ("an offer with 601", written(OFFER, body("a" * 601)), 2388040),
    (
        "an offer of 17",
        written({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "o" * 17}}, body()),
        2388040,
    ),
    (
        "an offer with a code of 16",
        written(OFFER, body(), buttons({"type": "COPY_CODE", "example": "c" * 16})),
        2388040,
    ),
    ("one card", written(body(), cards(card())), None),
    ("eleven cards", written(body(), cards(*(card() for _ in range(11)))), None),
    *(
        (f"cards with {wrong} for buttons", written(body(), cards(*(card_with(wrong),) * 2)), None)
        for wrong in (None, 0, {})
    ),
    (
        "samples that are no array",
        written(
            {
                "type": "BODY",
                "text": "Hello {{name}} and welcome to our shop.",
                "example": {"body_text_named_params": 5},
            },
            parameter_format="NAMED",
        ),
        2388072,
    ),
    ("cards of two kinds", written(body(), cards(card(), card(form="VIDEO"))), None),
    ("cards with other buttons", written(body(), cards(card(), card(link("https://example.com")))), None),
    (
        "three buttons on a card",
        written(body(), cards(*(card(reply("1"), reply("2"), reply("3")),) * 2)),
        None,
    ),
    (
        "cards with a footer beside",
        written(body(), cards(card(), card()), {"type": "FOOTER", "text": "Shop"}),
        None,
    ),
    ("cards in utility", written(body(), cards(card(), card()), category="UTILITY"), None),
    ("a code with text", written(body(), buttons(CODE), category="AUTHENTICATION"), 2388072),
    ("a code without button", written({"type": "BODY"}, category="AUTHENTICATION"), None),
    (
        "a code that lives 91 minutes",
        written(
            {"type": "BODY"},
            {"type": "FOOTER", "code_expiration_minutes": 91},
            buttons(CODE),
            category="AUTHENTICATION",
        ),
        None,
    ),
    ("a short life", written(message_send_ttl_seconds=43_199), None),
    ("forever in marketing", written(message_send_ttl_seconds=-1), None),
    ("a price in utility", written(category="UTILITY", optimization_spec={"bid_amount": 1}), None),
]


@pytest.mark.parametrize(("facts", "subcode"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def it_refuses_a_template_as_meta_does(
    simulator: RunningSimulator, facts: dict[str, Any], subcode: int | None
) -> None:
    before = len(simulator.control("GET", "templates")["data"])

    answer = create(simulator, facts)

    assert (answer.status, answer.code) == (400, 100)
    assert answer.body["error"].get("error_subcode") == subcode
    assert ("error_user_msg" in answer.body["error"]) == (subcode is not None)
    assert len(simulator.control("GET", "templates")["data"]) == before


def it_refuses_a_second_one_in_the_same_language(simulator: RunningSimulator) -> None:
    create(simulator, written())

    assert create(simulator, written()).body["error"]["error_subcode"] == 2388024
    assert create(simulator, written(language="es")).status == 200


def it_takes_so_many_templates_an_hour_and_so_many_at_all(start: Starter) -> None:
    simulator = start(rules=Rules(creations_per_hour=2, most_templates=15))
    for name in ("one", "two"):
        assert create(simulator, written(body(f"Text of {name} here."), name=name)).status == 200
    assert create(simulator, written(name="three")).code == 80007

    simulator.advance(3601)

    assert create(simulator, written(name="three")).status == 200
    assert create(simulator, written(name="four")).body["error"]["error_subcode"] == 2388019


def it_writes_the_fixed_texts_of_a_code_and_sends_it(start: Starter) -> None:
    simulator = start(rules=AT_ONCE)
    text = {"type": "BODY", "add_security_recommendation": True}
    facts = written(text, buttons(CODE), name="otp", language="en_US", category="AUTHENTICATION")
    template_id = create(simulator, facts).body["id"]

    shown = simulator.graph("GET", f"{template_id}?fields=components").body["components"]
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
        {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "123456"}]},
    ]
    sent = simulator.graph(
        "POST",
        "106540352242922/messages",
        {
            "messaging_product": "whatsapp",
            "to": "+34600000001",
            "type": "template",
            "template": {"name": "otp", "language": {"code": "en_US"}, "components": components},
        },
    )

    assert shown[0]["text"] == "*{{1}}* is your verification code. For your security, do not share this code."
    assert shown[1]["buttons"][0]["type"] == "URL"
    assert sent.status == 200, sent.body
    assert simulator.control("GET", "accepted")["data"][0]["content"].startswith(
        "*123456* is your verification"
    )


def it_makes_a_template_out_of_the_library(simulator: RunningSimulator) -> None:
    entry = simulator.graph("GET", "message_template_library?search=delivery&language=en_US").body["data"][0]
    inputs = '[{"type":"URL","url":{"base_url":"https://example.com/{{1}}","url_suffix_example":"https://example.com/a"}}]'
    facts = {
        "name": "mine",
        "language": "en_US",
        "category": "UTILITY",
        "library_template_name": entry["name"],
    }

    made = create(simulator, {**facts, "library_template_button_inputs": inputs})
    without = create(simulator, {**facts, "name": "without"})
    unknown = create(simulator, {**facts, "library_template_name": "nothing"})

    assert (made.body["status"], made.body["category"]) == ("APPROVED", "UTILITY")
    shown = simulator.graph("GET", f"{made.body['id']}?fields=library_template_name,components").body
    assert (shown["library_template_name"], shown["components"][0]["text"]) == (entry["name"], entry["body"])
    assert (without.code, unknown.code) == (100, 100)


def it_makes_codes_in_many_languages_at_once(simulator: RunningSimulator) -> None:
    parts = [{"type": "BODY"}, buttons(CODE)]
    facts = {"name": "code", "languages": ["ca", "es"], "category": "AUTHENTICATION", "components": parts}

    told = simulator.graph("POST", f"{WABA}/upsert_message_templates", facts).body["data"]
    again = simulator.graph("POST", f"{WABA}/upsert_message_templates", {**facts, "languages": ["ca", "fr"]})

    assert [(row["language"], row["status"]) for row in told] == [("ca", "PENDING"), ("es", "PENDING")]
    assert [row["language"] for row in again.body["data"]] == ["ca", "fr"]
    assert again.body["data"][0]["id"] == told[0]["id"]


def it_edits_what_may_be_edited(start: Starter) -> None:
    simulator = start(rules=AT_ONCE)
    template_id = create(simulator, written()).body["id"]
    new = {"components": [body("Another text for everybody.")]}

    assert simulator.graph("POST", template_id, {**new, "category": "UTILITY"}).code == 100
    assert simulator.graph("POST", template_id, {}).code == 100
    assert simulator.graph("POST", template_id, new).body["success"] is True
    assert simulator.graph("POST", template_id, new).body["error"]["error_subcode"] == 2388039
    simulator.advance(DAY_S + 1)
    assert simulator.graph("POST", template_id, {"message_send_ttl_seconds": 43_200}).status == 200
    shown = simulator.graph("GET", f"{template_id}?fields=components,message_send_ttl_seconds").body
    assert (shown["components"], shown["message_send_ttl_seconds"]) == (new["components"], 43_200)


def it_does_not_edit_what_is_in_review(simulator: RunningSimulator) -> None:
    template_id = create(simulator, written()).body["id"]

    answer = simulator.graph("POST", template_id, {"components": [body("Another text.")]})

    assert answer.body["error"]["error_subcode"] == 2388039


def it_deletes_by_name_by_id_and_by_many_ids(simulator: RunningSimulator) -> None:
    ids = [create(simulator, written(language=code)).body["id"] for code in ("ca", "es", "fr", "it", "de")]
    path = f"{WABA}/message_templates"

    def left() -> list[str]:
        rows = simulator.graph("GET", f"{path}?name=news").body["data"]
        return [row["language"] for row in rows if row["name"] == "news"]

    assert simulator.graph("DELETE", f"{path}?name=news&hsm_id={ids[0]}").body == {"success": True}
    assert left() == ["es", "fr", "it", "de"]
    assert simulator.graph("DELETE", f"{path}?hsm_ids={ids[1]},{ids[2]}").status == 200
    assert left() == ["it", "de"]
    assert simulator.graph("DELETE", f"{path}?hsm_ids={ids[3]},7").code == 100
    assert simulator.graph("DELETE", f"{path}?name=news").status == 200
    assert left() == []
    assert simulator.graph("DELETE", f"{path}?name=news").code == 100
    assert simulator.graph("DELETE", f"{path}?name=disabled").body["error"]["error_subcode"] == 2388039


def it_locks_the_name_of_an_approved_one_for_thirty_days(start: Starter) -> None:
    simulator = start(rules=AT_ONCE)
    create(simulator, written())
    simulator.graph("DELETE", f"{WABA}/message_templates?name=news")

    assert create(simulator, written()).body["error"]["error_subcode"] == 2388023
    assert create(simulator, written(language="es")).status == 200
    simulator.advance(30 * DAY_S + 1)
    assert create(simulator, written()).status == 200


def it_archives_and_fetches_back(simulator: RunningSimulator, receiver: Receiver) -> None:
    news = "1689556908129832"
    path = f"{WABA}/message_templates"

    told = simulator.graph("POST", f"{path}/archive", {"template_ids": [news, "7"]}).body

    assert told == {"archived_templates": [news], "failed_templates": {"7": "Template cannot be archived."}}
    assert simulator.graph("GET", f"{news}?fields=status").body["status"] == "ARCHIVED"
    assert simulator.graph("POST", f"{path}/unarchive", {"template_ids": [news]}).body[
        "unarchived_templates"
    ] == [news]
    assert simulator.graph("GET", f"{news}?fields=status").body["status"] == "APPROVED"
    simulator.graph("POST", f"{path}/archive", {"template_ids": [news]})
    simulator.advance(28 * DAY_S + 1)
    assert simulator.graph("GET", news).body["error"]["error_subcode"] == 33
    events = [change["value"]["event"] for webhook in receiver.webhooks for change in webhook.changes]
    assert events == ["ARCHIVED", "UNARCHIVED", "ARCHIVED", "DELETED"]


def it_filters_by_quality_content_and_lists_of_words(simulator: RunningSimulator) -> None:
    def names(query: str) -> list[str]:
        rows = simulator.graph("GET", f"{WABA}/message_templates?{query}").body["data"]
        return [row["name"] for row in rows]

    simulator.control("POST", "templates/plain_ca/ca/quality", {"score": "YELLOW"})

    assert names("quality_score=YELLOW") == ["plain_ca"]
    assert names("content=fes+servir") == ["autumn_newsletter"]
    assert names('status=["PAUSED","DISABLED"]') == ["paused", "disabled"]
    assert names("language=es,en_US&name=plain") == ["plain_es", "plain_en"]


def it_lets_groups_be_made_and_changed(simulator: RunningSimulator) -> None:
    news = "1689556908129832"
    group = simulator.graph(
        "POST", f"{WABA}/template_groups", {"name": "Autumn", "whatsapp_business_templates": [news]}
    ).body["id"]

    assert (
        simulator.graph(
            "POST", group, {"name": "Winter", "remove_whatsapp_business_templates": [news]}
        ).status
        == 200
    )
    assert simulator.graph("GET", group).body["whatsapp_business_templates"] == {"data": []}
    assert [row["name"] for row in simulator.graph("GET", f"{WABA}/template_groups").body["data"]] == [
        "Winter"
    ]
    assert simulator.graph("DELETE", group).status == 200
    assert simulator.graph("GET", group).body["error"]["error_subcode"] == 33
