"""What people find when they open the chat: QR codes and short links, ice breakers and commands, a username, a key.

Source: DOC/qr-codes, DOC/conversational-components, DOC/business-usernames, DOC/flows/guides/implementingyourflow-
endpoint (read 2026-11-22); DOC stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
import secrets
import string
from typing import Any

from whatsapp_simulator.graph.calls import DONE, Call, listed, one_of, text_of
from whatsapp_simulator.graph.errors import RefusedError, parameter, problem, unknown_id
from whatsapp_simulator.graph.fields import asked, chosen, page

_CODE_LETTERS = string.ascii_uppercase + "234567"
_CODE_LENGTH = 14
_MOST_CODES, _LONGEST_PREFILLED = 2000, 140
_SHOWN_OF_CODE = ("code", "prefilled_message", "deep_link_url")
_MOST_PROMPTS, _LONGEST_PROMPT = 4, 80
_MOST_COMMANDS, _LONGEST_COMMAND, _LONGEST_HINT = 30, 32, 256
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")
_USERNAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:[a-z0-9._]{1,33})[a-z0-9_]")
_USERNAME_TAKEN, _USERNAME_NEEDS_LIMIT = 147001, 147002


def list_codes(call: Call) -> object:
    """Answer `GET /{phone_number_id}/message_qrdls`; `code` picks one."""
    codes = call.line.particulars.qr_codes.values()
    wanted = call.query.get("code")
    rows = [_code_row(one, call) for one in codes if wanted in (None, one["code"])]
    return page(rows, call.query, call.request.url)


def write_code(call: Call) -> object:
    """Answer `POST /{phone_number_id}/message_qrdls`: a new one, or other words for the one with `code`."""
    params, codes = call.params(), call.line.particulars.qr_codes
    words = text_of(params, "prefilled_message", longest=_LONGEST_PREFILLED)
    code = text_of(params, "code", needed=False)
    if code and code not in codes:
        raise unknown_id(code, "POST")
    if not code:
        if len(codes) >= _MOST_CODES:
            raise parameter(f"(#100) A phone number can have at most {_MOST_CODES} QR codes.")
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        codes[code] = {
            "code": code,
            "deep_link_url": f"https://wa.me/message/{code}",
            "creation_time": int(call.now),
        }
    codes[code]["prefilled_message"] = words
    told = {name: codes[code][name] for name in _SHOWN_OF_CODE}
    if "generate_qr_image" in params:
        form = one_of(params["generate_qr_image"], "generate_qr_image", ("SVG", "PNG"))
        codes[code]["qr_image_url"] = told["qr_image_url"] = _image(code, form)
    return told


def show_code(call: Call) -> object:
    """Answer `GET /{phone_number_id}/message_qrdls/{code}`."""
    return {"data": [_code_row(_code(call), call)]}


def delete_code(call: Call) -> object:
    """Answer `DELETE /{phone_number_id}/message_qrdls/{code}`."""
    del call.line.particulars.qr_codes[_code(call)["code"]]
    return DONE


def show_key(call: Call) -> object:
    """Answer `GET /{phone_number_id}/whatsapp_business_encryption`."""
    key = call.line.particulars.public_key
    if key is None:
        return {"data": []}
    return {"data": [{"business_public_key": key, "business_public_key_signature_status": "VALID"}]}


def change_key(call: Call) -> object:
    """Answer `POST /{phone_number_id}/whatsapp_business_encryption`: the public key of a Flow's endpoint."""
    key = text_of(call.params(), "business_public_key")
    if "-----BEGIN PUBLIC KEY-----" not in key or "-----END PUBLIC KEY-----" not in key:
        raise parameter("(#100) Param business_public_key must be a 2048-bit RSA public key in PEM format.")
    call.line.particulars.public_key = key
    return DONE


def change_automation(call: Call) -> object:
    """Answer `POST /{phone_number_id}/conversational_automation`; what is left out stays."""
    params, particulars = call.params(), call.line.particulars
    prompts, commands = particulars.prompts, particulars.commands
    if "prompts" in params:
        prompts = [
            _plain(one, "prompts", _LONGEST_PROMPT)
            for one in listed(params["prompts"], "prompts", most=_MOST_PROMPTS)
        ]
    if "commands" in params:
        commands = [_command(one) for one in listed(params["commands"], "commands", most=_MOST_COMMANDS)]
        names = [command["command_name"] for command in commands]
        if len(set(names)) < len(names):
            raise parameter("(#100) Param commands holds the same command_name twice.")
    particulars.prompts, particulars.commands = prompts, commands
    return DONE


def show_username(call: Call) -> object:
    """Answer `GET /{phone_number_id}/username`."""
    particulars = call.line.particulars
    if particulars.username is None:
        return {}
    return {"username": particulars.username, "status": particulars.username_status}


def take_username(call: Call) -> object:
    """Answer `POST /{phone_number_id}/username`; needs more than the lowest messaging limit."""
    name = text_of(call.params(), "username").lower()
    if not _USERNAME.fullmatch(name) or name.startswith("www"):
        raise parameter(
            "(#100) Param username must be 3 to 35 letters, digits, periods and underscores with at least one "
            "letter."
        )
    line = call.line
    if any(other.particulars.username == name for other in call.world.lines.values() if other is not line):
        raise RefusedError(problem(147005, "The username belongs to another number of this portfolio."))
    if any(person.username == name for person in call.world.population.everybody()):
        raise RefusedError(problem(_USERNAME_TAKEN, "The username is not available."))
    if call.world.portfolio.step == "TIER_250":
        raise RefusedError(
            problem(_USERNAME_NEEDS_LIMIT, "The portfolio needs a higher messaging limit for a username.")
        )
    line.particulars.username, line.particulars.username_status = name, "approved"
    _tell_username(call, name, "approved")
    return {"status": "approved"}


def drop_username(call: Call) -> object:
    """Answer `DELETE /{phone_number_id}/username`."""
    particulars = call.line.particulars
    if particulars.username is not None:
        _tell_username(call, particulars.username, "deleted")
    particulars.username, particulars.username_status = None, ""
    return DONE


def suggest_usernames(call: Call) -> object:
    """Answer `GET /{phone_number_id}/username_suggestions`, made of the verified name."""
    words = re.sub(r"[^a-z0-9]+", " ", call.line.number.verified_name.lower()).split() or ["business"]
    names = [".".join(words), "_".join(words), "".join(words), "".join(words) + "_official"]
    return {"data": [{"username_suggestions": [name[:35] for name in dict.fromkeys(names)]}]}


def _tell_username(call: Call, name: str, status: str) -> None:
    value = {"display_phone_number": call.line.number.digits, "username": name, "status": status}
    call.world.outbox.management("business_username_updates", value)


def _code(call: Call) -> dict[str, Any]:
    code = call.line.particulars.qr_codes.get(call.item)
    if code is None:
        raise unknown_id(call.item, call.request.method)
    return code


def _code_row(code: dict[str, Any], call: Call) -> dict[str, Any]:
    fields = asked(call.query.get("fields", "").replace(".format(SVG)", "").replace(".format(PNG)", ""))
    facts = {"qr_image_url": _image(code["code"], "SVG"), **code}
    return chosen(facts, fields, shown=_SHOWN_OF_CODE, node="WhatsAppBusinessQRCode")


def _image(code: str, form: str) -> str:
    return f"https://scontent.xx.fbcdn.net/qr/{code}.{form.lower()}"


def _command(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        raise parameter("(#100) Param commands must be an array of objects.")
    return {
        "command_name": _plain(given.get("command_name"), "command_name", _LONGEST_COMMAND),
        "command_description": _plain(given.get("command_description"), "command_description", _LONGEST_HINT),
    }


def _plain(given: object, name: str, longest: int) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > longest:
        raise parameter(f"(#100) Param {name} must be a text of at most {longest} characters.")
    if _EMOJI.search(given):
        raise parameter(f"(#100) Param {name} can't hold emoji.")
    return given
