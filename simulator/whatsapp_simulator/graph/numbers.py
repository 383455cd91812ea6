"""Business phone numbers: listed, read, registered, verified, and told how to behave.

Source: DOC/business-phone-numbers/registration, /two-step-verification, /phone-numbers; DOC/local-storage,
DOC/business-profiles (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
from typing import Any

from whatsapp_simulator.account import ADDING_NUMBERS, Particulars
from whatsapp_simulator.countries import calling_code, country
from whatsapp_simulator.graph import health, subscriptions
from whatsapp_simulator.graph.calls import DONE, Call, flag_of, needs_product, one_of, text_of
from whatsapp_simulator.graph.errors import RefusedError, parameter, problem, refused
from whatsapp_simulator.graph.fields import Field, asked, chosen, page
from whatsapp_simulator.scenario import Number
from whatsapp_simulator.world import Line, World

NODE = "WhatsAppBusinessPhoneNumber"
_SHOWN = (
    "verified_name", "code_verification_status", "display_phone_number", "quality_rating", "platform_type",
    "throughput", "webhook_configuration", "id",
)  # fmt: skip
_SHOWN_LISTED = ("verified_name", "display_phone_number", "id", "quality_rating")
_HIGH_MPS = 1000
_PIN = re.compile(r"[0-9]{6}")
_MISMATCH, _TOO_MANY, _TOO_FAST, _UNVERIFIED, _RATE = 133005, 133008, 133009, 133006, 133016
_MOST_REGISTRATIONS, _REGISTRATION_SPAN_S = 10, 72 * 3600.0
_MOST_WRONG_PINS, _WRONG_PIN_SPAN_S, _FAST_S = 5, 3600.0, 2.0
_ALREADY_VERIFIED = 136024
_EXISTS = 2388012
_MOST_NUMBERS_AT_250, _MOST_NUMBERS = 2, 25
_CHANGES = ("pin", "webhook_configuration", "new_display_name")
_ABOUT = 139
# What a number can have and none of these has.
_UNSET = (
    "certificate", "new_certificate", "last_onboarded_time",
    "eligibility_for_api_business_global_search",
)  # fmt: skip
_PROFILE_LIMITS = {"about": _ABOUT, "address": 256, "description": 512, "email": 128}
_MOST_WEBSITES, _LONGEST_WEBSITE = 2, 256
_VERTICALS = (
    "UNDEFINED", "OTHER", "AUTO", "BEAUTY", "APPAREL", "EDU", "ENTERTAIN", "EVENT_PLAN", "FINANCE", "GROCERY",
    "GOVT", "HOTEL", "HEALTH", "NONPROFIT", "PROF_SERVICES", "RETAIL", "TRAVEL", "RESTAURANT", "NOT_A_BIZ",
    "ALCOHOL", "ONLINE_GAMBLING", "PHYSICAL_GAMBLING", "OTC_DRUGS", "MATRIMONY_SERVICE",
)  # fmt: skip
_STORAGE = ("IN_COUNTRY_STORAGE_ENABLED", "IN_COUNTRY_STORAGE_DISABLED", "NO_STORAGE_ENABLED", "DEFAULT")
_REGIONS = ("AU", "ID", "IN", "JP", "SG", "KR", "DE", "CH", "GB", "BR", "BH", "ZA", "AE", "CA")
_SETTINGS = ("storage_configuration", "user_identity_change", "calling", "payload_encryption")


def listing(call: Call) -> object:
    """Answer `GET /{waba}/phone_numbers`."""
    fields = asked(call.query.get("fields", ""))
    return page(rows(call.world, fields), call.query, call.request.url)


def rows(world: World, fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """List the numbers with the fields asked for."""
    return [
        chosen(_facts(world, line), fields, shown=_SHOWN_LISTED, node=NODE) for line in world.lines.values()
    ]


def show(call: Call) -> object:
    """Answer `GET /{phone_number_id}`."""
    facts = _facts(call.world, call.line)
    return chosen(facts, asked(call.query.get("fields", "")), shown=_SHOWN, node=NODE)


def add(call: Call) -> object:
    """Answer `POST /{waba}/phone_numbers`: a new number, to be verified and registered."""
    world, params = call.world, call.params()
    digits = "".join(filter(str.isdigit, _calling_code(params) + text_of(params, "phone_number")))
    name = text_of(params, "verified_name")
    if world.account.is_restricted(ADDING_NUMBERS, call.now):
        raise refused(368, "The account may not add phone numbers for now.")
    if any(line.number.digits == digits for line in world.lines.values()):
        raise RefusedError(problem(_EXISTS))
    most = _MOST_NUMBERS_AT_250 if world.portfolio.step == "TIER_250" else _MOST_NUMBERS
    if len(world.lines) >= most:
        raise parameter(f"(#100) The account can have at most {most} phone numbers.")
    number = Number(
        phone_number_id=world.new_id(),
        display_phone_number=f"+{digits}",
        verified_name=name,
        status="UNVERIFIED",
        messaging_limit=world.portfolio.step,
    )
    return {"id": world.add_number(number).number.phone_number_id}


async def change(call: Call) -> object:
    """Answer `POST /{phone_number_id}`: the PIN, a callback of the number's own, another display name."""
    params, line = call.params(), call.line
    if params.keys().isdisjoint(_CHANGES):
        raise parameter(f"(#100) One of the parameters {', '.join(_CHANGES)} is required.")
    name = text_of(params, "new_display_name") if "new_display_name" in params else line.particulars.new_name
    pin = _pin(params) if "pin" in params else line.particulars.pin
    if "webhook_configuration" in params:
        configuration = params["webhook_configuration"]
        if not isinstance(configuration, dict):
            raise parameter("(#100) Param webhook_configuration must be a JSON object.")
        callback = await subscriptions.verified_override(call, configuration)
        if callback is None:
            call.world.subscriptions.numbers.pop(call.node, None)
        else:
            call.world.subscriptions.numbers[call.node] = callback
    line.particulars.pin, line.particulars.new_name = pin, name
    return DONE


def request_code(call: Call) -> object:
    """Answer `POST /{phone_number_id}/request_code`; the code is shown by the control plane."""
    params, particulars = call.params(), call.line.particulars
    one_of(params.get("code_method"), "code_method", ("SMS", "VOICE"))
    text_of(params, "language")
    if particulars.is_verified:
        raise refused(_ALREADY_VERIFIED, "The phone number is verified already.")
    particulars.code = f"{int(call.world.new_id()) % 1_000_000:06d}"
    return DONE


def verify_code(call: Call) -> object:
    """Answer `POST /{phone_number_id}/verify_code`; a number that is verified already stays so."""
    particulars = call.line.particulars
    code = text_of(call.params(), "code").replace("-", "")
    if not particulars.is_verified:
        if particulars.code is None or code != particulars.code:
            raise refused(100, "The code is not the one that was sent, or was used already.")
        particulars.is_verified, particulars.code = True, None
        if call.line.number.status == "UNVERIFIED":
            call.world.change_number(call.line, status="PENDING")
    return {**DONE, "id": call.node}


def register(call: Call) -> object:
    """Answer `POST /{phone_number_id}/register`: sets the PIN the first time, and wants it from then on."""
    params, line = call.params(), call.line
    needs_product(params)
    pin = _pin(params)
    if not line.particulars.is_verified:
        raise refused(_UNVERIFIED, "Verify the phone number before it is registered.")
    _check_rate(line.particulars, call.now)
    _check_pin(line.particulars, pin, call.now)
    region = params.get("data_localization_region")
    if region is not None:
        one_of(region, "data_localization_region", _REGIONS)
    line.particulars.pin = pin
    line.particulars.registrations.append(call.now)
    if line.number.status != "CONNECTED":
        call.world.change_number(line, status="CONNECTED")
        call.world.outbox.management(
            "phone_number_quality_update",
            {
                "display_phone_number": line.number.digits,
                "event": "ONBOARDING",
                "max_daily_conversations_per_business": call.world.portfolio.step,
            },
        )
    return DONE


def deregister(call: Call) -> object:
    """Answer `POST /{phone_number_id}/deregister`."""
    line = call.line
    if line.number.status != "CONNECTED":
        raise refused(133010)
    _check_rate(line.particulars, call.now)
    line.particulars.registrations.append(call.now)
    call.world.change_number(line, status="DISCONNECTED")
    return DONE


def show_settings(call: Call) -> object:
    """Answer `GET /{phone_number_id}/settings`."""
    known = call.line.particulars.settings
    return {"storage_configuration": {"status": "DEFAULT", "retention_minutes": 43_200}, **known}


def change_settings(call: Call) -> object:
    """Answer `POST /{phone_number_id}/settings`: storage before registering, identity check, calling."""
    params = {name: value for name, value in call.params().items() if name in _SETTINGS}
    if not params or not all(isinstance(value, dict) for value in params.values()):
        raise parameter(f"(#100) One of the parameters {', '.join(_SETTINGS)} is required, as an object.")
    storage = params.get("storage_configuration")
    if storage is not None:
        status = one_of(storage.get("status"), "storage_configuration['status']", _STORAGE)
        if status == "IN_COUNTRY_STORAGE_ENABLED":
            one_of(storage.get("data_localization_region"), "data_localization_region", _REGIONS)
        if call.line.number.status == "CONNECTED" and call.line.particulars.registrations:
            raise parameter("(#100) Deregister the phone number before its storage is changed.")
    identity = params.get("user_identity_change")
    if identity is not None and flag_of(identity, "enable_identity_key_check") is None:
        raise parameter("(#100) The parameter enable_identity_key_check is required.")
    call.line.particulars.settings |= params
    return DONE


def show_profile(call: Call) -> object:
    """Answer `GET /{phone_number_id}/whatsapp_business_profile`."""
    profile = {"messaging_product": "whatsapp", "vertical": "UNDEFINED", **call.line.particulars.profile}
    known = dict.fromkeys((*_PROFILE_LIMITS, "websites", "vertical", "profile_picture_url")) | profile
    shown = ("messaging_product", *call.line.particulars.profile)
    row = chosen(known, asked(call.query.get("fields", "")), shown=shown, node="WhatsAppBusinessProfile")
    return {"data": [{"messaging_product": "whatsapp", **row}]}


def change_profile(call: Call) -> object:
    """Answer `POST /{phone_number_id}/whatsapp_business_profile`."""
    params = call.params()
    needs_product(params)
    profile: dict[str, Any] = {}
    for name, longest in _PROFILE_LIMITS.items():
        if name in params:
            profile[name] = text_of(params, name, longest=longest, needed=name == "about")
    if "vertical" in params:
        profile["vertical"] = one_of(params["vertical"], "vertical", _VERTICALS)
    if "websites" in params:
        profile["websites"] = _websites(params["websites"])
    if "profile_picture_handle" in params:
        text_of(params, "profile_picture_handle")
        profile["profile_picture_url"] = f"https://pps.whatsapp.net/v/{call.node}"
    call.line.particulars.profile |= profile
    return DONE


def _calling_code(params: dict[str, Any]) -> str:
    # Meta's pages call it cc, newer ones country_code; clients use either.
    return text_of({"cc": str(params.get("cc", params.get("country_code", "")))}, "cc")


def _facts(world: World, line: Line) -> dict[str, Any]:
    number, particulars = line.number, line.particulars
    return {
        "verified_name": number.verified_name,
        "code_verification_status": "VERIFIED" if particulars.is_verified else "NOT_VERIFIED",
        "display_phone_number": number.display_phone_number,
        "quality_rating": number.quality_rating,
        "quality_score": {"score": number.quality_rating},
        "platform_type": "CLOUD_API",
        "status": number.status,
        "name_status": particulars.name_status,
        "new_name_status": "PENDING_REVIEW" if particulars.new_name else None,
        "throughput": {"level": "HIGH" if number.mps >= _HIGH_MPS else "STANDARD"},
        "whatsapp_business_manager_messaging_limit": world.portfolio.step,
        "messaging_limit_tier": world.portfolio.step,
        "is_on_biz_app": number.is_on_biz_app,
        "is_pin_enabled": particulars.pin is not None,
        "is_official_business_account": False,
        "username": particulars.username,
        "webhook_configuration": _webhooks(world, number),
        "conversational_automation": (
            {"prompts": particulars.prompts, "commands": particulars.commands}
            if particulars.prompts or particulars.commands
            else None
        ),
        "account_mode": "LIVE",
        "search_visibility": "VISIBLE",
        "is_preverified_number": False,
        "country_dial_code": calling_code(number.digits) or None,
        "country_code": country(number.digits),
        **dict.fromkeys(_UNSET),
        "health_status": health.of_number(world, number),
        "id": number.phone_number_id,
    }


def _webhooks(world: World, number: Number) -> dict[str, str]:
    known = world.subscriptions
    told = {"application": known.app.url}
    if known.account is not None:
        told["whatsapp_business_account"] = known.account.url
    own = known.numbers.get(number.phone_number_id)
    if own is not None:
        told["phone_number"] = own.url
    return told


def _pin(params: dict[str, Any]) -> str:
    pin = str(params.get("pin", ""))
    if not _PIN.fullmatch(pin):
        raise parameter("(#100) Param pin must be a 6-digit number.")
    return pin


def _check_pin(particulars: Particulars, pin: str, now: float) -> None:
    if particulars.pin is None:
        return
    wrong = particulars.wrong_pins = [at for at in particulars.wrong_pins if at > now - _WRONG_PIN_SPAN_S]
    if len(wrong) >= _MOST_WRONG_PINS:
        raise refused(_TOO_MANY, "Try again in an hour.")
    if pin == particulars.pin:
        return
    too_fast = bool(wrong) and now - wrong[-1] < _FAST_S
    wrong.append(now)
    raise refused(_TOO_FAST if too_fast else _MISMATCH, "The PIN is not the one that was set.")


def _check_rate(particulars: Particulars, now: float) -> None:
    lately = [at for at in particulars.registrations if at > now - _REGISTRATION_SPAN_S]
    particulars.registrations = lately
    if len(lately) >= _MOST_REGISTRATIONS:
        raise refused(_RATE, "At most 10 registrations and deregistrations in 72 hours.")


def _websites(given: object) -> list[str]:
    if not isinstance(given, list) or len(given) > _MOST_WEBSITES:
        raise parameter(f"(#100) Param websites must be an array of at most {_MOST_WEBSITES} addresses.")
    for one in given:
        if (
            not isinstance(one, str)
            or not one.startswith(("http://", "https://"))
            or len(one) > _LONGEST_WEBSITE
        ):
            raise parameter("(#100) Param websites must hold addresses that begin with http:// or https://.")
    return given
