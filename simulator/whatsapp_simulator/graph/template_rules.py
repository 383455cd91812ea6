"""What Meta checks when a template is sent in: names, categories, components, limits, examples and variables.

Source: DOC/templates/overview, /components, /template-management, /supported-languages (read 2026-11-22); DOC
stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from whatsapp_simulator.graph.calls import flag_of
from whatsapp_simulator.graph.errors import parameter, template_refused
from whatsapp_simulator.languages import LANGUAGES
from whatsapp_simulator.reading import whole
from whatsapp_simulator.scenario import Rules

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_NAMED = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"\w+")
_LONGEST_HEADER = _LONGEST_FOOTER = 60
_LONGEST_BODY, _LONGEST_BODY_OF_OFFER, _LONGEST_BODY_OF_CARD = 1024, 600, 160
_LONGEST_LABEL, _LONGEST_URL, _LONGEST_PHONE = 25, 2000, 20
_LONGEST_OFFER, _LONGEST_COUPON, _LONGEST_COUPON_OF_OFFER = 16, 20, 15
_MOST_BUTTONS, _MOST_BUTTONS_OF_CARD = 10, 2
_FEWEST_CARDS, _MOST_CARDS = 2, 10
_LONGEST_CODE_LIFE_MIN = 90
_MEDIA = ("IMAGE", "VIDEO", "DOCUMENT", "GIF")
_FORMATS = ("TEXT", *_MEDIA, "LOCATION", "PRODUCT")
# The components there are, and what each may hold.
_COMPONENTS = {
    "HEADER": ("type", "format", "text", "example"),
    "BODY": ("type", "text", "example", "add_security_recommendation"),
    "FOOTER": ("type", "text", "code_expiration_minutes"),
    "BUTTONS": ("type", "buttons"),
    "LIMITED_TIME_OFFER": ("type", "limited_time_offer"),
    "CAROUSEL": ("type", "cards"),
    "CALL_PERMISSION_REQUEST": ("type",),
}
_MARKETING_ONLY = frozenset({"LIMITED_TIME_OFFER", "CAROUSEL"})
_MOST_OF_KIND = {
    "QUICK_REPLY": 10, "URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "FLOW": 1, "CATALOG": 1, "MPM": 1, "SPM": 1,
    "OTP": 1, "VOICE_CALL": 1, "ORDER_DETAILS": 1, "REQUEST_CONTACT_INFO": 1, "APP": 2,
}  # fmt: skip
# These carry a label of WhatsApp's own.
_WITHOUT_LABEL = frozenset(
    {"COPY_CODE", "REQUEST_CONTACT_INFO", "MPM", "SPM", "CATALOG", "OTP", "ORDER_DETAILS"}
)
_OTP_TYPES = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
_FOREVER_S = -1
_TTL_S = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}
_MADE_BY_META = "*{{1}}* is your verification code."
_ADVICE = " For your security, do not share this code."


def check_new(params: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """Check a template that is sent in and write it as the list shows it, without id and status.

    Raises RefusedError with Meta's code and subcode.
    """
    name, language, category = params.get("name"), params.get("language"), params.get("category")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise parameter(
            "(#100) Param name must be 1 to 512 characters long and hold only lowercase letters, digits and "
            "underscores."
        )
    if not isinstance(language, str) or language not in LANGUAGES:
        raise parameter(
            f"(#100) Param language must be one of the supported language codes, not {language!r}"
        )
    if category not in CATEGORIES:
        raise parameter(f"(#100) Param category must be one of {{{', '.join(CATEGORIES)}}}")
    form = params.get("parameter_format", "POSITIONAL")
    if form not in ("POSITIONAL", "NAMED"):
        raise parameter("(#100) Param parameter_format must be one of {POSITIONAL, NAMED}")
    facts: dict[str, Any] = {
        "name": name,
        "parameter_format": form,
        "components": check_components(params.get("components"), category, rules, named=form == "NAMED"),
        "language": language,
        "category": category,
    }
    facts |= check_options(params, category)
    return facts


def check_options(params: Mapping[str, Any], category: str) -> dict[str, Any]:
    """Check what a template says besides its components; answers what was said."""
    said: dict[str, Any] = {}
    ttl = params.get("message_send_ttl_seconds")
    if isinstance(ttl, str):
        # A form holds nothing but texts.
        ttl = _FOREVER_S if ttl == str(_FOREVER_S) else whole(ttl) or 0
    if ttl is not None:
        shortest, longest = _TTL_S[category]
        forever = ttl == _FOREVER_S and category != "MARKETING"
        if not isinstance(ttl, int) or isinstance(ttl, bool) or not (forever or shortest <= ttl <= longest):
            raise parameter(
                f"(#100) Param message_send_ttl_seconds must be between {shortest} and {longest} for {category}."
            )
        said["message_send_ttl_seconds"] = ttl
    opted_out = flag_of(params, "cta_url_link_tracking_opted_out")
    if opted_out is not None:
        said["cta_url_link_tracking_opted_out"] = opted_out
    spec = params.get("optimization_spec")
    if spec is not None:
        amount = spec.get("bid_amount") if isinstance(spec, dict) else None
        if category != "MARKETING":
            raise parameter("(#100) Param optimization_spec is only for MARKETING templates.")
        if (
            not isinstance(amount, int)
            or amount <= 0
            or spec.get("bid_strategy") != "LOWEST_COST_WITH_BID_CAP"
        ):
            raise parameter(
                "(#100) Param optimization_spec needs bid_strategy LOWEST_COST_WITH_BID_CAP and bid_amount."
            )
        said["optimization_spec"] = spec
    if isinstance(params.get("degrees_of_freedom_spec"), dict):
        said["degrees_of_freedom_spec"] = params["degrees_of_freedom_spec"]
    return said


def check_components(components: Any, category: str, rules: Rules, *, named: bool) -> list[dict[str, Any]]:
    """Check the components of a template and write them as the list shows them."""
    by_type = _by_type(components)
    if category == "AUTHENTICATION":
        return _authentication(by_type)
    for kind in by_type.keys() & _MARKETING_ONLY:
        if category != "MARKETING":
            raise parameter(f"(#100) Component {kind} is only for MARKETING templates.")
    has_offer, has_cards = "LIMITED_TIME_OFFER" in by_type, "CAROUSEL" in by_type
    if "BODY" not in by_type:
        raise template_refused(2388072, "The message template needs a body.")
    longest = _LONGEST_BODY_OF_OFFER if has_offer else _LONGEST_BODY
    _check_body(by_type["BODY"], rules, named=named, longest=longest)
    if "HEADER" in by_type:
        _check_header(by_type["HEADER"], category, named=named)
    if "FOOTER" in by_type:
        _check_footer(by_type["FOOTER"])
    if "BUTTONS" in by_type:
        _check_buttons(by_type["BUTTONS"].get("buttons"), has_offer=has_offer)
    if has_offer:
        _check_offer(by_type)
    if has_cards:
        if by_type.keys() - {"BODY", "CAROUSEL"}:
            raise parameter("(#100) A template with a CAROUSEL has no other component than a BODY.")
        _check_cards(by_type["CAROUSEL"].get("cards"), category, rules, named=named)
    return [{**component, "type": kind} for kind, component in by_type.items()]


def _by_type(components: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(components, list) or not all(isinstance(one, dict) for one in components):
        raise parameter("(#100) Param components must be an array of objects.")
    by_type: dict[str, dict[str, Any]] = {}
    for component in components:
        kind = str(component.get("type", "")).upper()
        if kind not in _COMPONENTS:
            raise parameter(f"(#100) Param components['type'] must be one of {{{', '.join(_COMPONENTS)}}}")
        if kind in by_type:
            raise parameter(f"(#100) Component {kind} stands in the template twice.")
        unknown = component.keys() - set(_COMPONENTS[kind])
        if unknown:
            raise parameter(f'(#100) Unexpected key "{min(unknown)[:80]}" on a component of type {kind}.')
        by_type[kind] = component
    return by_type


def _check_header(header: dict[str, Any], category: str, *, named: bool) -> None:
    form = str(header.get("format", "")).upper()
    if form not in _FORMATS:
        raise template_refused(2388047, f"The header's format must be one of {', '.join(_FORMATS)}.")
    if form in ("GIF", "PRODUCT") and category != "MARKETING":
        raise template_refused(2388047, f"A header with {form} is only for MARKETING templates.")
    example = header.get("example")
    if form in _MEDIA and not _texts_of(example, "header_handle"):
        raise template_refused(2388047, f"A header with {form} needs a sample in example.header_handle.")
    if form != "TEXT":
        return
    text = _text(header, 2388047, "header", _LONGEST_HEADER)
    names = _variables(text, 2388047, "header", named=named)
    if len(names) > 1:
        raise template_refused(2388047, "The header can hold one variable only.")
    if names:
        _check_example(example, names, 2388047, "header_text", named=named)


def _check_body(body: dict[str, Any], rules: Rules, *, named: bool, longest: int) -> None:
    text = _text(body, 2388072, "body", longest)
    names = _variables(text, 2388072, "body", named=named)
    if not names:
        return
    bare = text.strip()
    found = list(VARIABLE.finditer(bare))
    if found[0].start() == 0 or found[-1].end() == len(bare):
        raise template_refused(2388299, "Variables can't be at the start or end of the template.")
    words = len(_WORD.findall(VARIABLE.sub(" ", text)))
    if words < rules.words_per_variable * len(names):
        raise template_refused(
            2388293,
            "This template contains too many variable parameters relative to the message length. Decrease the "
            "number of variable parameters or increase the message length.",
        )
    _check_example(body.get("example"), names, 2388072, "body_text", named=named)


def _check_footer(footer: dict[str, Any]) -> None:
    if VARIABLE.search(_text(footer, 2388073, "footer", _LONGEST_FOOTER)):
        raise template_refused(2388073, "The footer can't hold variables.")


def _check_buttons(buttons: Any, *, has_offer: bool = False, most: int = _MOST_BUTTONS) -> None:
    if not isinstance(buttons, list) or not all(isinstance(one, dict) for one in buttons):
        raise parameter("(#100) Param buttons must be an array of objects.")
    if not 1 <= len(buttons) <= most:
        raise parameter(f"(#100) A template has between 1 and {most} buttons here.")
    kinds = [str(button.get("type", "")).upper() for button in buttons]
    for kind, count in Counter(kinds).items():
        if kind not in _MOST_OF_KIND:
            raise parameter(f"(#100) Param buttons['type'] must be one of {{{', '.join(_MOST_OF_KIND)}}}")
        if count > _MOST_OF_KIND[kind]:
            raise parameter(f"(#100) A template has at most {_MOST_OF_KIND[kind]} buttons of type {kind}.")
    groups = [is_reply for is_reply, _ in groupby(kinds, key=lambda kind: kind == "QUICK_REPLY")]
    if groups.count(True) > 1 or groups == [False, True, False]:
        raise parameter("(#100) Quick reply buttons must stand together, before or after all others.")
    for kind, button in zip(kinds, buttons, strict=True):
        _check_button(kind, button, has_offer=has_offer)


def _check_button(kind: str, button: dict[str, Any], *, has_offer: bool) -> None:
    label = button.get("text")
    if kind == "OTP":
        raise parameter("(#100) A button of type OTP is only for AUTHENTICATION templates.")
    if kind not in _WITHOUT_LABEL and (not isinstance(label, str) or not label.strip()):
        raise parameter(f"(#100) A button of type {kind} needs text.")
    if isinstance(label, str) and len(label) > _LONGEST_LABEL:
        raise template_refused(2388040, f"The text of a button has at most {_LONGEST_LABEL} characters.")
    if isinstance(label, str) and VARIABLE.search(label):
        raise parameter("(#100) The text of a button can't hold variables.")
    check = _BY_KIND.get(kind)
    if check is not None:
        check(button, has_offer=has_offer)


def _check_phone(button: dict[str, Any], **_: bool) -> None:
    phone = button.get("phone_number")
    if not isinstance(phone, str) or not re.fullmatch(r"\+?[0-9][0-9 ()-]*", phone):
        raise parameter("(#100) A button of type PHONE_NUMBER needs phone_number.")
    if len(phone) > _LONGEST_PHONE:
        raise template_refused(2388040, f"A phone number has at most {_LONGEST_PHONE} characters.")


def _check_coupon(button: dict[str, Any], *, has_offer: bool) -> None:
    example = button.get("example")
    code = example[0] if isinstance(example, list) and example else example
    longest = _LONGEST_COUPON_OF_OFFER if has_offer else _LONGEST_COUPON
    if not isinstance(code, str) or not code:
        raise parameter("(#100) A button of type COPY_CODE needs an example.")
    if len(code) > longest:
        raise template_refused(2388040, f"A coupon code has at most {longest} characters.")


def _check_flow(button: dict[str, Any], **_: bool) -> None:
    if not any(button.get(name) for name in ("flow_id", "flow_name", "flow_json")):
        raise parameter("(#100) A button of type FLOW needs flow_id, flow_name or flow_json.")


def _check_url(button: dict[str, Any], **_: bool) -> None:
    url = button.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        raise parameter("(#100) A button of type URL needs a url that begins with http:// or https://.")
    if len(url) > _LONGEST_URL:
        raise template_refused(2388040, f"The URL of a button has at most {_LONGEST_URL} characters.")
    found = list(VARIABLE.finditer(url))
    if not found:
        return
    if len(found) > 1 or found[0].end() != len(url):
        raise parameter("(#100) The URL of a button can hold one variable only, at its very end.")
    example = button.get("example")
    if not (isinstance(example, str) and example) and not (
        isinstance(example, list) and len(example) == 1 and isinstance(example[0], str)
    ):
        raise parameter("(#100) A URL with a variable needs an example.")


_BY_KIND: dict[str, Callable[..., None]] = {
    "URL": _check_url,
    "PHONE_NUMBER": _check_phone,
    "COPY_CODE": _check_coupon,
    "FLOW": _check_flow,
}


def _check_offer(by_type: dict[str, dict[str, Any]]) -> None:
    offer = by_type["LIMITED_TIME_OFFER"].get("limited_time_offer")
    text = offer.get("text") if isinstance(offer, dict) else None
    if not isinstance(offer, dict) or not isinstance(text, str) or not text:
        raise parameter("(#100) A LIMITED_TIME_OFFER needs limited_time_offer with text.")
    if len(text) > _LONGEST_OFFER:
        raise template_refused(2388040, f"The text of the offer has at most {_LONGEST_OFFER} characters.")
    if not isinstance(offer.get("has_expiration", False), bool):
        raise parameter("(#100) Param has_expiration must be a boolean")
    if "FOOTER" in by_type:
        raise template_refused(2388073, "A template with a limited-time offer has no footer.")
    header = by_type.get("HEADER")
    if header is not None and str(header.get("format", "")).upper() not in ("IMAGE", "VIDEO"):
        raise template_refused(2388047, "A limited-time offer has a header with an image or a video.")


def _check_cards(cards: Any, category: str, rules: Rules, *, named: bool) -> None:
    if not isinstance(cards, list) or not _FEWEST_CARDS <= len(cards) <= _MOST_CARDS:
        raise parameter(f"(#100) A CAROUSEL has between {_FEWEST_CARDS} and {_MOST_CARDS} cards.")
    shapes = set()
    for card in cards:
        by_type = _by_type(card.get("components") if isinstance(card, dict) else None)
        header = by_type.get("HEADER", {})
        form = str(header.get("format", "")).upper()
        if form not in ("IMAGE", "VIDEO", "PRODUCT"):
            raise template_refused(2388047, "A card has a header with an image or a video.")
        _check_header(header, category, named=named)
        if by_type.keys() - {"HEADER", "BODY", "BUTTONS"}:
            raise parameter("(#100) A card has a HEADER, a BODY and BUTTONS only.")
        if "BODY" in by_type:
            _check_body(by_type["BODY"], rules, named=named, longest=_LONGEST_BODY_OF_CARD)
        buttons = by_type["BUTTONS"].get("buttons", []) if "BUTTONS" in by_type else []
        if buttons != []:
            _check_buttons(buttons, most=_MOST_BUTTONS_OF_CARD)
        kinds = tuple(str(button.get("type", "")).upper() for button in buttons)
        shapes.add((form, "BODY" in by_type, kinds))
    if len(shapes) > 1:
        raise parameter("(#100) All cards of a CAROUSEL must have the same components.")


def _authentication(by_type: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Write the fixed texts of an authentication template, as Meta does."""
    if by_type.keys() - {"BODY", "FOOTER", "BUTTONS"} or not {"BODY", "BUTTONS"} <= by_type.keys():
        raise parameter("(#100) An AUTHENTICATION template has a BODY, BUTTONS and at most a FOOTER.")
    if "text" in by_type["BODY"]:
        raise template_refused(2388072, "The text of an AUTHENTICATION template is fixed and can't be given.")
    advised = bool(by_type["BODY"].get("add_security_recommendation"))
    written: list[dict[str, Any]] = [
        {
            "type": "BODY",
            "text": _MADE_BY_META + (_ADVICE if advised else ""),
            "add_security_recommendation": advised,
            "example": {"body_text": [["123456"]]},
        }
    ]
    minutes = by_type.get("FOOTER", {}).get("code_expiration_minutes")
    if minutes is not None:
        if not isinstance(minutes, int) or not 1 <= minutes <= _LONGEST_CODE_LIFE_MIN:
            raise parameter(
                f"(#100) Param code_expiration_minutes must be between 1 and {_LONGEST_CODE_LIFE_MIN}."
            )
        text = f"This code expires in {minutes} minutes."
        written.append({"type": "FOOTER", "text": text, "code_expiration_minutes": minutes})
    buttons = by_type["BUTTONS"].get("buttons")
    button = buttons[0] if isinstance(buttons, list) and len(buttons) == 1 else None
    if not isinstance(button, dict) or str(button.get("type", "")).upper() != "OTP":
        raise parameter("(#100) An AUTHENTICATION template has exactly one button, of type OTP.")
    otp = str(button.get("otp_type", "")).upper()
    if otp not in _OTP_TYPES:
        raise parameter(f"(#100) Param otp_type must be one of {{{', '.join(_OTP_TYPES)}}}")
    if otp != "COPY_CODE" and not (button.get("supported_apps") or button.get("package_name")):
        raise parameter(f"(#100) A button with otp_type {otp} needs supported_apps.")
    if otp == "ZERO_TAP" and button.get("zero_tap_terms_accepted") is not True:
        raise parameter("(#100) Param zero_tap_terms_accepted must be true.")
    label = str(button.get("text") or "Copy code")
    if len(label) > _LONGEST_LABEL:
        raise template_refused(2388040, f"The text of a button has at most {_LONGEST_LABEL} characters.")
    url = f"https://www.whatsapp.com/otp/code/?otp_type={otp}&code=otp{{{{1}}}}"
    example = [url.replace("{{1}}", "123456")]
    shown = {"type": "URL", "text": label, "url": url, "example": example}
    written.append({"type": "BUTTONS", "buttons": [shown]})
    return written


def _text(component: dict[str, Any], subcode: int, where: str, longest: int) -> str:
    text = component.get("text")
    if not isinstance(text, str) or not text.strip():
        raise template_refused(subcode, f"The {where} needs text.")
    if len(text) > longest:
        raise template_refused(2388040, f"The {where} has at most {longest} characters.")
    return text


def _variables(text: str, subcode: int, where: str, *, named: bool) -> list[str]:
    """Find the variables, each once; they are `{{1}}`, `{{2}}`, … or all have names."""
    names = list(dict.fromkeys(name.strip() for name in VARIABLE.findall(text)))
    # What stands there besides names and digits is for the review to reject.
    if named:
        if any(name.isdecimal() for name in names):
            raise template_refused(
                subcode, f"The {where} must name its variables: parameter_format is NAMED."
            )
        return [name for name in names if _NAMED.fullmatch(name)]
    if any(_NAMED.fullmatch(name) for name in names):
        raise template_refused(subcode, f"The {where} must number its variables, {{{{1}}}}, {{{{2}}}}, …")
    numbers = [int(name) for name in names if name.isdecimal()]
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        raise template_refused(
            subcode, f"The variables of the {where} must be {{{{1}}}}, {{{{2}}}}, … without a gap."
        )
    return [str(number) for number in sorted(numbers)]


def _check_example(example: Any, names: list[str], subcode: int, member: str, *, named: bool) -> None:
    if named:
        member += "_named_params"
        given = example.get(member) if isinstance(example, dict) else None
        samples = given if isinstance(given, list) else []
        known = [one.get("param_name") for one in samples if isinstance(one, dict) and one.get("example")]
        if sorted(map(str, known)) != sorted(names):
            raise template_refused(subcode, f"Each variable needs a sample in example.{member}.")
        return
    texts = _texts_of(example, member)
    if len(texts) != len(names):
        raise template_refused(subcode, f"Each variable needs a sample in example.{member}.")


def _texts_of(example: Any, member: str) -> list[str]:
    """Read samples; those of a body stand in a list within a list."""
    given = example.get(member) if isinstance(example, dict) else None
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], list):
        given = given[0]
    if isinstance(given, str):
        given = [given]
    texts = [one for one in given if isinstance(one, str) and one] if isinstance(given, list) else []
    return texts if isinstance(given, list) and len(texts) == len(given) else []
