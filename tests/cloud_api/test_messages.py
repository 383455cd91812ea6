import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from difusio.cloud_api.messages import (
    BadAddressError,
    BadTokenError,
    HeaderMedia,
    HeaderPlace,
    MissingHeaderError,
    TextLengthError,
    UnfilledSlotError,
    compile_template,
    path_for,
    text_message,
)
from difusio.cloud_api.templates import ButtonSlot, Category, TemplateShape
from difusio.cloud_api.values import fitted
from tests.cloud_api.examples import example

ASHA = "+12025550101"
TOKEN = "0f8b2c1e-7a7d-4c55-9d2e-3a1b5c6d7e8f"


def it_writes_a_positional_template_as_meta_shows_it() -> None:
    shape = _shape(name="autumn_newsletter", header="TEXT", header_slot="1", body_slots=("1", "2"))

    body = _fill(shape, {"header.1": "Ona", "body.1": "Ona", "body.2": "25OFF"})

    assert body == example("requests/messages.template.positional.json") | {"biz_opaque_callback_data": TOKEN}


def it_writes_a_named_template_as_meta_shows_it() -> None:
    shape = _shape(name="autumn_newsletter_named", named=True, body_slots=("first_name", "code"))

    body = _fill(shape, {"body.first_name": "Ona", "body.code": "25OFF"})

    assert _without_token(body) == example("requests/messages.template.named.json")


def it_sends_marketing_to_its_own_endpoint_and_shares_nothing_about_the_person() -> None:
    shape = _shape(name="autumn_newsletter", category=Category.MARKETING, body_slots=("1", "2"))
    wanted = example("requests/marketing_messages.template.marketing.json")
    # Meta's default; left out, so that an account that is not onboarded still sends.
    del wanted["product_policy"]

    body = _fill(shape, {"body.1": "Ona", "body.2": "25OFF"})

    assert body == wanted | {"biz_opaque_callback_data": TOKEN}
    assert compile_template(shape).path == "marketing_messages"
    assert [path_for(c) for c in Category] == ["marketing_messages", "messages", "messages"]


def it_writes_a_template_without_placeholders() -> None:
    shape = _shape(name="hello_world", language="en_US")

    assert _without_token(_fill(shape, {})) == example("requests/messages.template.no-parameters.json")


def it_addresses_a_user_id_where_there_is_no_phone() -> None:
    compiled = compile_template(_shape(name="autumn_newsletter", body_slots=("1", "2")))

    body = json.loads(compiled.fill("US.10000000000000000101", {"body.1": "Ona", "body.2": "25OFF"}, TOKEN))

    assert _without_token(body) == example("requests/messages.template.to-bsuid.json")


def it_fills_buttons_and_hides_payloads_behind_quick_replies() -> None:
    shape = _shape(
        name="promo_buttons", body_slots=("1",), button_slots=(ButtonSlot(0, "url"),), quick_replies=(1,)
    )
    compiled = compile_template(shape, payloads={1: "optout:camp-42"})

    body = json.loads(compiled.fill(ASHA, {"body.1": "Ona", "button.0": "r/AbC123"}, TOKEN))

    assert _without_token(body) == example("requests/messages.template.buttons-url-and-quick-reply.json")


def it_repeats_the_code_of_an_authentication_template_in_its_button() -> None:
    shape = _shape(
        name="verification_code",
        language="en_US",
        category=Category.AUTHENTICATION,
        body_slots=("1",),
        button_slots=(ButtonSlot(0, "otp"),),
    )

    body = _fill(shape, {"body.1": "482915"})

    assert _without_token(body) == example("requests/messages.template.authentication.json")


def it_fills_a_code_to_copy_and_a_forms_token() -> None:
    code = _shape(name="coupon", body_slots=("1", "2"), button_slots=(ButtonSlot(1, "copy_code"),))
    form = _shape(name="preferences_flow", button_slots=(ButtonSlot(0, "flow"),))

    body = _fill(code, {"body.1": "25OFF", "body.2": "25%", "button.1": "25OFF"})
    assert _without_token(body) == example("requests/messages.template.button-copy-code.json")
    assert _fill(form, {"button.0": "ft-0001"})["template"]["components"][0]["parameters"] == [
        {"type": "action", "action": {"flow_token": "ft-0001"}}
    ]


@pytest.mark.parametrize(
    ("file", "shape_name", "kind", "header"),
    [
        ("header-image", "promo_image", "IMAGE", HeaderMedia("1339522734477770")),
        ("header-video", "promo_video", "VIDEO", HeaderMedia("1339522734477771")),
        (
            "header-document",
            "invoice_doc",
            "DOCUMENT",
            HeaderMedia("1339522734477772", filename="invoice.pdf"),
        ),
        (
            "header-location",
            "delivery_update",
            "LOCATION",
            HeaderPlace("41.3874", "2.1686", "Example Shop", "Example Square 1"),
        ),
    ],
)
def it_puts_the_batchs_media_into_the_header(
    file: str, shape_name: str, kind: Any, header: HeaderMedia | HeaderPlace
) -> None:
    wanted = example(f"requests/messages.template.{file}.json")
    texts = [
        parameter["text"]
        for component in wanted["template"]["components"]
        if component["type"] == "body"
        for parameter in component["parameters"]
    ]
    slots = tuple(str(number) for number in range(1, len(texts) + 1))
    compiled = compile_template(_shape(name=shape_name, header=kind, body_slots=slots), header=header)

    values = {f"body.{slot}": text for slot, text in zip(slots, texts, strict=True)}

    assert _without_token(json.loads(compiled.fill(ASHA, values, TOKEN))) == wanted


def it_takes_a_link_where_nothing_was_uploaded() -> None:
    shape = _shape(header="IMAGE")

    compiled = compile_template(shape, header=HeaderMedia(link="https://example.com/a.jpg"))

    body = json.loads(compiled.fill(ASHA, {}, TOKEN))
    assert body["template"]["components"][0]["parameters"][0]["image"] == {
        "link": "https://example.com/a.jpg"
    }


@pytest.mark.parametrize("header", [None, HeaderMedia(), HeaderPlace("1", "2", "a", "b")])
def it_refuses_a_media_header_without_media(header: HeaderMedia | HeaderPlace | None) -> None:
    with pytest.raises(MissingHeaderError, match="choose one"):
        compile_template(_shape(header="IMAGE"), header=header)


@pytest.mark.parametrize("value", ["", " ", "\n"])
def it_refuses_a_slot_without_value(value: str) -> None:
    compiled = compile_template(_shape(body_slots=("1",)))

    with pytest.raises(UnfilledSlotError) as caught:
        compiled.fill(ASHA, {"body.1": value}, TOKEN)

    assert caught.value.slot == "body.1"


@pytest.mark.parametrize(
    "address", ["12025550101", "", "+0", '+1202555"0101', "US.", "us.1", "+1202555０１０１"]
)
def it_refuses_an_address_meta_would_misread(address: str) -> None:
    with pytest.raises(BadAddressError):
        text_message(address, "Hi", TOKEN)


@pytest.mark.parametrize("token", ["", "a" * 65, 'a"', "a b", "é"])
def it_refuses_a_token_that_could_say_something(token: str) -> None:
    with pytest.raises(BadTokenError):
        compile_template(_shape()).fill(ASHA, {}, token)


@given(st.text(st.characters()), st.text(st.characters()))
def it_keeps_hostile_text_text(first: str, second: str) -> None:
    compiled = compile_template(_shape(body_slots=("1", "2"), category=Category.MARKETING))
    values = {"body.1": f"x{first}", "body.2": f'"}}],"to":"+1{second}'}

    body = json.loads(compiled.fill(ASHA, values, TOKEN))

    (component,) = body["template"]["components"]
    assert [parameter["text"] for parameter in component["parameters"]] == list(map(fitted, values.values()))
    assert (body["to"], body["biz_opaque_callback_data"]) == (ASHA, TOKEN)
    assert body["message_activity_sharing"] is False


def it_writes_free_text_and_quotes() -> None:
    wanted = example("requests/messages.text.contextual-reply.json")

    body = text_message(ASHA, "Yes, it is.", TOKEN, reply_to=wanted["context"]["message_id"])

    assert _without_token(json.loads(body)) == wanted


def it_keeps_the_line_breaks_of_free_text() -> None:
    body = json.loads(text_message("US.101", "Hola\n«Bilal» 👋 \ud800\x00", TOKEN))

    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "recipient": "US.101",
        "type": "text",
        "text": {"preview_url": False, "body": "Hola\n«Bilal» 👋 ?"},
        "biz_opaque_callback_data": TOKEN,
    }


@pytest.mark.parametrize("text", ["", " \n", "a" * 4097])
def it_refuses_free_text_of_a_length_meta_does_not_take(text: str) -> None:
    with pytest.raises(TextLengthError):
        text_message(ASHA, text, TOKEN)


def _shape(**parts: Any) -> TemplateShape:
    return TemplateShape(**({"name": "t", "language": "ca", "category": Category.UTILITY} | parts))


def _fill(shape: TemplateShape, values: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(compile_template(shape).fill(ASHA, values, TOKEN))
    return body


def _without_token(body: dict[str, Any]) -> dict[str, Any]:
    assert body["biz_opaque_callback_data"] == TOKEN
    return {key: value for key, value in body.items() if key != "biz_opaque_callback_data"}
