"""`POST /{phone_number_id}/messages` and `/marketing_messages`: checked in Meta's order, then accepted.

The order: token and ids before this module, then JSON, registration, pair rate, throughput, template and its
status, parameters, block list.
"""

import time
from dataclasses import dataclass
from typing import Any

import msgspec

from whatsapp_simulator.graph.errors import parameter, problem, refused
from whatsapp_simulator.life import Endpoint, Life, Outgoing
from whatsapp_simulator.payloads import is_inbound_id
from whatsapp_simulator.people import Address, Person, read_phone, read_user_id
from whatsapp_simulator.scenario import Fault
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import Line, World

_LONGEST_TEXT = 4096
_LONGEST_TOKEN = 512
_NOT_REGISTERED = frozenset({"PENDING", "DISCONNECTED", "MIGRATED", "DELETED", "UNVERIFIED"})
_LOCKED = frozenset({"BANNED", "RESTRICTED"})
# Known to Meta, not played here yet.
_OTHER_TYPES = frozenset(
    {"audio", "contacts", "document", "image", "interactive", "location", "reaction", "sticker", "video"}
)
_STATUS_CODES = {"PAUSED": 132015, "DISABLED": 132016}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a send, and the faults that meet it on the way back."""

    status: int
    body: bytes
    wait_s: float = 0.0
    connection_lost: bool = False
    headers: tuple[tuple[str, str], ...] = ()


_SUCCESS = Answer(200, b'{"success":true}')


@dataclass(frozen=True, slots=True)
class _Send:
    """A body whose members are of the right kind."""

    written_address: str
    address: Address
    kind: str
    content: dict[str, Any]
    token: str | None


def post_message(world: World, life: Life, line: Line, endpoint: Endpoint, body: bytes) -> Answer:
    """Answer a send or a read receipt; raises RefusedError with Meta's words."""
    written = _decode(body)
    if written.get("status") == "read" and "type" not in written:
        return _mark_as_read(written, endpoint)
    send = _read(written, line, endpoint)
    person = world.population.meet(send.address)
    where = line.number.phone_number_id
    before = world.faults.strikes("error_before", person=person, phone_number_id=where)
    if before is not None:
        return _broken(before)
    refusing = world.faults.strikes("refuse", person=person, phone_number_id=where)
    if refusing is not None and refusing.code is not None:
        told = problem(refusing.code, http_status=refusing.http_status)
        world.counts.refused[str(told.code)] += 1
        return Answer(told.http_status, told.body())
    outgoing = _checked(world, line, endpoint, send=send, person=person, written=written)
    line.pairs.take(person.key, world.clock.now())
    wamid = life.accept(outgoing)
    answer = _accepted(send, wamid, is_held=outgoing.is_held)
    slow = world.faults.strikes("slow", person=person, phone_number_id=where)
    after = world.faults.strikes("error_after", person=person, phone_number_id=where)
    if after is not None:
        answer = _broken(after)
    lost = world.faults.strikes("lose_answer", person=person, phone_number_id=where)
    if slow is None and lost is None:
        return answer
    return Answer(
        answer.status,
        answer.body,
        wait_s=0.0 if slow is None else slow.seconds or 0.0,
        connection_lost=lost is not None,
    )


def _decode(body: bytes) -> dict[str, Any]:
    try:
        written = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise parameter("(#100) Invalid parameter", "The request body is not valid JSON.") from None
    if not isinstance(written, dict):
        raise parameter("(#100) Invalid parameter", "The request body must be a JSON object.")
    if "messaging_product" not in written:
        raise parameter("The parameter messaging_product is required.")
    if written["messaging_product"] != "whatsapp":
        raise parameter("(#100) Param messaging_product must be one of {WHATSAPP}")
    return written


def _mark_as_read(written: dict[str, Any], endpoint: Endpoint) -> Answer:
    if endpoint != "messages":
        raise refused(131055)
    message_id = written.get("message_id")
    if message_id is None:
        raise refused(131008, "Parameter message_id is required.")
    if not isinstance(message_id, str) or not is_inbound_id(message_id):
        raise refused(131009, "Parameter message_id is not the id of a message you received.")
    return _SUCCESS


def _read(written: dict[str, Any], line: Line, endpoint: Endpoint) -> _Send:
    kind = written.get("type", "text")
    if endpoint == "marketing_messages":
        _check_marketing_members(written, kind)
    address_text, address = _address(written, line)
    if written.get("recipient_type", "individual") == "group":
        raise refused(131215)
    if kind not in ("text", "template"):
        if isinstance(kind, str) and kind in _OTHER_TYPES:
            raise refused(131051, f"Messages of type {kind} are not simulated yet.")
        raise parameter(
            "(#100) Param type must be one of {TEXT, TEMPLATE, AUDIO, CONTACTS, DOCUMENT, IMAGE, …}"
        )
    content = written.get(kind)
    if content is None:
        raise refused(131008, f"Parameter {kind} is required.")
    if not isinstance(content, dict):
        raise refused(131009, f"Parameter {kind} must be a JSON object.")
    token = written.get("biz_opaque_callback_data")
    if token is not None and not isinstance(token, str):
        raise refused(131009, "Parameter biz_opaque_callback_data must be a string.")
    if token is not None and len(token) > _LONGEST_TOKEN:
        raise parameter(
            f"(#100) Param biz_opaque_callback_data must be at most {_LONGEST_TOKEN} characters long."
        )
    return _Send(address_text, address, kind, content, token)


def _check_marketing_members(written: dict[str, Any], kind: Any) -> None:
    if kind != "template":
        raise parameter("(#100) Invalid parameter", "Message must be a template message.")
    if written.get("product_policy", "CLOUD_API_FALLBACK") not in ("CLOUD_API_FALLBACK", "STRICT"):
        raise parameter("(#100) Param product_policy must be one of {CLOUD_API_FALLBACK, STRICT}")
    if not isinstance(written.get("message_activity_sharing", False), bool):
        raise parameter("(#100) Param message_activity_sharing must be a boolean")


def _address(written: dict[str, Any], line: Line) -> tuple[str, Address]:
    """Read `to`, or `recipient` when `to` is absent."""
    name = "to" if written.get("to") not in (None, "") else "recipient"
    text = written.get(name)
    if text in (None, ""):
        raise parameter("The parameter to is required.")
    if not isinstance(text, str):
        raise refused(131009, f"Parameter {name} must be a string.")
    address = read_phone(text, own_digits=line.number.digits) if name == "to" else read_user_id(text)
    if address is None:
        raise refused(
            131009, f"Parameter {name} is not a valid {'phone number' if name == 'to' else 'user id'}."
        )
    if address.phone == line.number.digits:
        raise refused(131021)
    return text, address


def _checked(
    world: World, line: Line, endpoint: Endpoint, *, send: _Send, person: Person, written: dict[str, Any]
) -> Outgoing:
    if line.number.status in _NOT_REGISTERED:
        raise refused(133010)
    if line.number.status in _LOCKED:
        raise refused(131031)
    restricted = world.account.refusal(is_template=send.kind == "template", now=world.clock.now())
    if restricted is not None:
        raise refused(restricted)
    if not line.pairs.has_room(person.key, world.clock.now()):
        raise refused(131056)
    # In real seconds even when the clock runs fast: the sender lives in real time.
    if not line.throughput.has_room(time.monotonic()):
        raise refused(130429)
    if send.kind == "text":
        content = _text(send.content)
        _check_block_list(person)
        return Outgoing(line, send.address, person, endpoint, send.token, None, content)
    template = _template(world, send)
    rendered = template.render(send.content.get("components"))
    _check_route(world, template, endpoint, send, written)
    _check_block_list(person)
    standing = world.catalogue.of(template.name, template.language)
    return Outgoing(
        line,
        send.address,
        person,
        endpoint,
        send.token,
        template,
        rendered.content,
        rendered.quick_replies,
        is_held=standing is not None and world.lifecycle.holds(standing),
    )


def _text(content: dict[str, Any]) -> str:
    body = content.get("body")
    if body is None or body == "":
        raise refused(131008, "Parameter body is required.")
    if not isinstance(body, str):
        raise refused(131009, "Parameter body must be a string.")
    if len(body) > _LONGEST_TEXT:
        raise parameter(f"(#100) Param text['body'] must be at most {_LONGEST_TEXT} characters long.")
    return body


def _template(world: World, send: _Send) -> Template:
    name, language = send.content.get("name"), send.content.get("language")
    if not isinstance(name, str) or not name:
        raise refused(131008, "Parameter name is required in template.")
    code = language.get("code") if isinstance(language, dict) else None
    if not isinstance(code, str) or not code:
        raise refused(131008, "Parameter language.code is required in template.")
    template = world.templates.get((name, code))
    if template is None or template.status not in ("APPROVED", *_STATUS_CODES):
        raise refused(132001, f"template name ({name}) does not exist in {code}")
    if template.status in _STATUS_CODES:
        raise refused(_STATUS_CODES[template.status])
    return template


def _check_route(
    world: World, template: Template, endpoint: Endpoint, send: _Send, written: dict[str, Any]
) -> None:
    """Send each category where Meta wants it."""
    setup = world.setup
    if endpoint == "marketing_messages":
        if template.category != "MARKETING":
            raise refused(134100)
        if (
            written.get("product_policy") == "STRICT"
            and setup.marketing_messages_onboarding_status != "ONBOARDED"
        ):
            raise refused(134102, "The account is not onboarded to the Marketing Messages API.")
    elif template.category == "MARKETING" and setup.disable_marketing_messages_on_cloud_api:
        raise refused(131063)
    if template.category == "AUTHENTICATION" and send.address.phone is None:
        raise refused(131062)


def _check_block_list(person: Person) -> None:
    if person.blocked_by_us:
        raise refused(130403)


def _accepted(send: _Send, wamid: str, *, is_held: bool) -> Answer:
    contact = {"input": send.written_address}
    if send.address.phone:
        contact["wa_id"] = send.address.phone
    else:
        contact["user_id"] = send.address.user_id or ""
    message = {"id": wamid}
    if send.kind == "template":
        message["message_status"] = "held_for_quality_assessment" if is_held else "accepted"
    told = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
    return Answer(200, msgspec.json.encode(told))


def _broken(fault: Fault) -> Answer:
    told = problem(fault.code or 131000, http_status=fault.http_status or 500)
    return Answer(told.http_status, told.body())
