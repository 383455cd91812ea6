"""In-App Signup: links by which people subscribe inside WhatsApp.

Source: DOC/in-app-signup (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
from typing import Any

from whatsapp_simulator.graph.calls import DONE, Call, one_of, text_of
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.fields import asked, chosen, page

TERMS = "https://www.facebook.com/legal/ads-manager-marketing-messages-terms"
_LONGEST_MESSAGE, _LONGEST_CODE, _LONGEST_NAME = 300, 50, 256
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
(
    _NOT_FOUND, _UNKNOWN_PLACEHOLDER, _MISSING_VALUE, _NOT_ACCEPTED, _ALREADY_ACCEPTED, _WRONG_TERMS, _NOT_HTTPS,
) = (2494164, 2494166, 2494167, 2494168, 2494176, 2494177, 2494179)  # fmt: skip
_SHOWN = (
    "id", "waba_id", "display_name", "signup_message", "confirmation_message", "privacy_policy_url", "website_url",
    "promo_code", "status",
)  # fmt: skip


def listing(call: Call) -> object:
    """Answer `GET /{waba}/signups`."""
    rows = [_shown(signup, call) for signup in call.world.account.signups.values()]
    return page(rows, call.query, call.request.url)


def create(call: Call) -> object:
    """Answer `POST /{waba}/signups`; the first one accepts the terms, the others must not."""
    params, account = call.params(), call.world.account
    signup = _checked({**params, "privacy_policy_url": text_of(params, "privacy_policy_url")})
    _check_terms(params.get("policy"), is_first=not account.has_accepted_signup_terms)
    account.has_accepted_signup_terms = True
    signup |= {"id": call.world.new_id(), "status": "ACTIVE"}
    account.signups[signup["id"]] = signup
    return {"id": signup["id"]}


def show(call: Call) -> object:
    """Answer `GET /signups/{id}` and `GET /{id}`."""
    return _shown(_signup(call), call)


def change(call: Call) -> object:
    """Answer `POST /signups/{id}`: other words, or DISABLED; the privacy policy's address stays for ever."""
    params, signup = call.params(), _signup(call)
    if params.get("privacy_policy_url", signup["privacy_policy_url"]) != signup["privacy_policy_url"]:
        raise parameter("(#100) Param privacy_policy_url can't be changed.")
    written = _checked({**signup, **params})
    if "status" in params:
        written["status"] = one_of(params["status"], "status", ("ACTIVE", "DISABLED"))
    signup |= written
    return DONE


def _signup(call: Call) -> dict[str, Any]:
    signup = call.world.account.signups.get(call.item or call.node)
    if signup is None:
        raise refused(_NOT_FOUND, "There is no such signup.")
    return signup


def _checked(params: dict[str, Any]) -> dict[str, Any]:
    signup = {
        "signup_message": text_of(params, "signup_message", longest=_LONGEST_MESSAGE),
        "confirmation_message": text_of(params, "confirmation_message", longest=_LONGEST_MESSAGE),
        "privacy_policy_url": text_of(params, "privacy_policy_url"),
        "website_url": text_of(params, "website_url", needed=False),
        "promo_code": text_of(params, "promo_code", longest=_LONGEST_CODE, needed=False),
        "display_name": text_of(params, "display_name", longest=_LONGEST_NAME, needed=False),
    }
    if signup["website_url"] and not signup["website_url"].startswith("https://"):
        raise refused(_NOT_HTTPS, "website_url must begin with https://.")
    holders = set(_PLACEHOLDER.findall(signup["confirmation_message"]))
    if holders - {"promo_code"}:
        raise refused(_UNKNOWN_PLACEHOLDER, "confirmation_message may hold {{promo_code}} only.")
    if holders and not signup["promo_code"]:
        raise refused(_MISSING_VALUE, "confirmation_message holds {{promo_code}}, but promo_code is missing.")
    return signup


def _check_terms(policy: object, *, is_first: bool) -> None:
    if not is_first:
        if policy is not None:
            raise refused(_ALREADY_ACCEPTED, "The terms are accepted already; leave policy out.")
        return
    if not isinstance(policy, dict) or policy.get("accepted") is not True:
        raise refused(_NOT_ACCEPTED, "The first signup needs policy with accepted: true.")
    if policy.get("tos") != TERMS:
        raise refused(_WRONG_TERMS, f"policy.tos must be {TERMS}.")


def _shown(signup: dict[str, Any], call: Call) -> dict[str, Any]:
    facts = {name: value or None for name, value in signup.items()} | {"waba_id": call.world.setup.waba_id}
    return chosen(facts, asked(call.query.get("fields", "")), shown=_SHOWN, node="WhatsAppBusinessSignup")
