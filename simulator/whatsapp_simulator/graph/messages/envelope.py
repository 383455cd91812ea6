"""What all messages share: address, kind, and the members beside the content."""

from dataclasses import dataclass
from typing import Any

from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.messages.members import missing, optional_text, required_object, wrong
from whatsapp_simulator.outgoing import Endpoint
from whatsapp_simulator.people import Address, read_user_id
from whatsapp_simulator.scenario import Group, Setup
from whatsapp_simulator.world import Line, World

_LONGEST_TOKEN = 512
_KINDS_OF_GROUPS = frozenset({"text", "image", "video", "document", "audio", "sticker", "template"})
_RECIPIENT_TYPES = ("individual", "group")
_TEMPLATE_NAME_LENGTH = 512


@dataclass(frozen=True, slots=True)
class Envelope:
    """The members beside the content; address is empty for a message to a group."""

    written_address: str
    address: Address
    group: Group | None
    kind: str
    token: str | None
    """`biz_opaque_callback_data`."""
    context: str
    """The wamid to quote."""
    identity_key_hash: str
    direct: bool
    """Sent as Direct Send: a utility text that needs no template."""


def check_product(written: dict[str, Any]) -> None:
    """Refuse what is not for WhatsApp."""
    if "messaging_product" not in written:
        raise parameter("The parameter messaging_product is required.")
    if written["messaging_product"] != "whatsapp":
        raise parameter("(#100) Param messaging_product must be one of {WHATSAPP}")


def read_envelope(world: World, line: Line, endpoint: Endpoint, written: dict[str, Any]) -> Envelope:
    """Read the members beside the content; raises RefusedError with Meta's words."""
    setup = world.setup
    kind = written.get("type") or "text"
    if endpoint == "marketing_messages":
        _check_marketing_members(written, kind)
    recipient_type = written.get("recipient_type") or "individual"
    if recipient_type not in _RECIPIENT_TYPES:
        raise parameter("(#100) Param recipient_type must be one of {INDIVIDUAL, GROUP}")
    address, group = Address(), None
    if recipient_type == "group":
        address_text, group = _group(setup, written, kind)
    else:
        address_text, address = _address(world, line, written)
    _check_account(setup, written)
    context = written.get("context")
    return Envelope(
        address_text,
        address,
        group,
        kind,
        _token(written),
        "" if context is None else _context(written),
        optional_text(written, "recipient_identity_key_hash", ""),
        "category" in written and _direct(setup, written, kind),
    )


def _check_marketing_members(written: dict[str, Any], kind: Any) -> None:
    if kind != "template":
        raise parameter("(#100) Invalid parameter", "Message must be a template message.")
    if (written.get("product_policy") or "CLOUD_API_FALLBACK") not in ("CLOUD_API_FALLBACK", "STRICT"):
        raise parameter("(#100) Param product_policy must be one of {CLOUD_API_FALLBACK, STRICT}")
    if not isinstance(written.get("message_activity_sharing", False), bool):
        raise parameter("(#100) Param message_activity_sharing must be a boolean")
    if "bid_spec" in written:
        multiplier = required_object(written, "bid_spec").get("per_message_bid_multiplier")
        if isinstance(multiplier, bool) or not isinstance(multiplier, int | float) or multiplier <= 0:
            raise parameter("(#100) Param bid_spec['per_message_bid_multiplier'] must be a positive number.")


def _address(world: World, line: Line, written: dict[str, Any]) -> tuple[str, Address]:
    """Read `to`, or `recipient` when `to` is absent."""
    name = "to" if written.get("to") not in (None, "") else "recipient"
    text = written.get(name)
    if text in (None, ""):
        raise parameter("The parameter to is required.")
    if not isinstance(text, str):
        raise wrong(f"Parameter {name} must be a string.")
    own = line.number.digits
    address = world.population.read(text, own_digits=own) if name == "to" else read_user_id(text)
    if address is None:
        raise wrong(f"Parameter {name} is not a valid {'phone number' if name == 'to' else 'user id'}.")
    if address.phone == own:
        raise refused(131021)
    return text, address


def _group(setup: Setup, written: dict[str, Any], kind: Any) -> tuple[str, Group]:
    text = written.get("to")
    if text in (None, ""):
        raise parameter("The parameter to is required.")
    if not setup.groups:
        raise refused(131215)
    group = next((one for one in setup.groups if one.group_id == text), None)
    if not isinstance(text, str) or group is None:
        raise refused(131041)
    if not group.participants:
        raise refused(131020)
    if kind not in _KINDS_OF_GROUPS:
        raise refused(131051, f"Messages of type {kind} cannot be sent to a group.")
    return text, group


def _check_account(setup: Setup, written: dict[str, Any]) -> None:
    # The second name is the alias that Meta drops at the end of 2026.
    for name in ("messaging_account_id", "paid_messaging_account_id"):
        if written.get(name) not in (None, setup.waba_id):
            raise wrong(f"Parameter {name} is not an account of this phone number.")


def _token(written: dict[str, Any]) -> str | None:
    token = written.get("biz_opaque_callback_data")
    if token is None:
        return None
    if not isinstance(token, str):
        raise wrong("Parameter biz_opaque_callback_data must be a string.")
    if len(token) > _LONGEST_TOKEN:
        raise parameter(
            f"(#100) Param biz_opaque_callback_data must be at most {_LONGEST_TOKEN} characters long."
        )
    return token


def _context(written: dict[str, Any]) -> str:
    message_id = required_object(written, "context").get("message_id")
    if message_id is None or message_id == "":
        raise missing("message_id", "context")
    if not isinstance(message_id, str):
        raise wrong("Parameter message_id must be a string.")
    return message_id


def _direct(setup: Setup, written: dict[str, Any], kind: Any) -> bool:
    """Read the members of Direct Send.

    What it refuses beyond a missing access is our inference.
    """
    category = written["category"]
    if category is None:
        return False
    if category not in ("utility", "UTILITY"):
        raise parameter("(#100) Param category must be one of {UTILITY}")
    if setup.direct_send == "unavailable":
        raise parameter("(#100) Invalid parameter", "Direct Send is not available for this account.")
    if setup.direct_send == "blocked":
        raise refused(139200)
    if kind != "text":
        raise parameter("(#100) Invalid parameter", "Direct Send takes messages of type text.")
    if written.get("direct_send_config") is not None:
        config = required_object(written, "direct_send_config")
        optional_text(config, "template_name", "direct_send_config", longest=_TEMPLATE_NAME_LENGTH)
    return True
