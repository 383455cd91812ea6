"""Templates as Meta approved them: compiled once, then checked against what a send fills in, and rendered."""

import re
from dataclasses import dataclass
from typing import Any

from whatsapp_simulator.graph.errors import refused
from whatsapp_simulator.scenario import ScenarioError

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_FORBIDDEN_IN_TEXT = re.compile(r"[\n\r\t]| {5,}")
_FORBIDDEN_WORDS = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
_MEDIA = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "GIF"})
_STATUSES = frozenset(
    {
        "APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED",
        "IN_APPEAL", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED", "ARCHIVED",
    }
)  # fmt: skip
_CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
_LONGEST_BODY = 32_768

Filled = dict[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with holes: fixed pieces, and the names of the holes between them."""

    pieces: tuple[str, ...]
    holes: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Cut a text at its `{{…}}`."""
        parts = _PLACEHOLDER.split(text)
        return cls(tuple(parts[::2]), tuple(parts[1::2]))

    @property
    def names(self) -> tuple[str, ...]:
        """The holes, each once, in order of appearance."""
        return tuple(dict.fromkeys(self.holes))

    def fill(self, values: Filled) -> str:
        """Put the values into the holes."""
        if not self.holes:
            return self.pieces[0]
        text = [self.pieces[0]]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            text.append(values.get(hole, ""))
            text.append(piece)
        return "".join(text)


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a template."""

    kind: str
    text: str
    url: Pattern | None


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A quick reply as it stands in a chat: what tapping it says."""

    text: str
    payload: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the person sees."""

    content: str
    quick_replies: tuple[QuickReply, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready for the hot path; `facts` is what the template list shows."""

    facts: dict[str, Any]
    name: str
    language: str
    category: str
    status: str
    named: bool
    header_format: str
    header: Pattern
    body: Pattern
    footer: str
    buttons: tuple[Button, ...]

    def render(self, components: Any) -> Rendered:
        """Check what a send fills in and write the message; raises RefusedError as Meta would refuse it."""
        if components is not None and not isinstance(components, list):
            raise refused(131009, "Param template['components'] must be an array.")
        given = _sorted_components(components or [])
        head = self._header(given["header"])
        body = self.body.fill(self._values("body", self.body, given["body"]))
        if len(body) > _LONGEST_BODY:
            raise refused(132005, "body: the filled-in text is too long.")
        lines = [line for line in (head, body, self.footer) if line]
        quick_replies = []
        for index, button in enumerate(self.buttons):
            shown, payload = _button(index, button, given["button"].get(index))
            lines.append(shown)
            if button.kind == "QUICK_REPLY":
                quick_replies.append(QuickReply(button.text, payload or button.text))
        if any(index >= len(self.buttons) for index in given["button"]):
            raise refused(132000, "buttons: the template has no button at that index.")
        return Rendered("\n".join(lines), tuple(quick_replies))

    def _header(self, parameters: list[Any] | None) -> str:
        if self.header_format in _MEDIA | {"LOCATION"}:
            return _media_header(self.header_format, parameters or [])
        if self.header_format != "TEXT" and parameters:
            raise refused(132000, _count_details("header", len(parameters), 0))
        return self.header.fill(self._values("header", self.header, parameters))

    def _values(self, where: str, pattern: Pattern, parameters: list[Any] | None) -> Filled:
        parameters = parameters or []
        if len(parameters) != len(pattern.names):
            raise refused(132000, _count_details(where, len(parameters), len(pattern.names)))
        values: Filled = {}
        for position, parameter in enumerate(parameters):
            text = _text_of(where, parameter, named=self.named)
            if self.named:
                name = parameter.get("parameter_name")
                if name not in pattern.names or name in values:
                    raise refused(
                        132000, f"{where}: Parameter name ({name}) is missing, unknown or given twice"
                    )
                values[name] = text
            else:
                ordinal = str(position + 1)
                values[ordinal if ordinal in pattern.names else pattern.names[position]] = text
        return values


def compile_template(facts: dict[str, Any], *, number: int) -> Template:
    """Compile a template from Meta's list shape; number: a stand-in for a missing id.

    Raises ScenarioError with a sentence about what is missing or wrong.
    """
    name, language = facts.get("name"), facts.get("language")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise ScenarioError(f"Template {number}: `name` must be 1-512 of a-z, 0-9 and _, not {name!r}.")
    if not isinstance(language, str) or not language:
        raise ScenarioError(f"Template {name}: `language` must be one of Meta's codes, such as ca.")
    status, category = facts.get("status", "APPROVED"), facts.get("category", "MARKETING")
    if status not in _STATUSES:
        raise ScenarioError(
            f"Template {name}: `status` {status!r} is not one of {', '.join(sorted(_STATUSES))}."
        )
    if category not in _CATEGORIES:
        raise ScenarioError(
            f"Template {name}: `category` {category!r} is not one of {', '.join(sorted(_CATEGORIES))}."
        )
    parts = facts.get("components")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ScenarioError(f"Template {name}: `components` must be a list of objects.")
    by_type = {str(part.get("type", "")).upper(): part for part in parts}
    if not isinstance(by_type.get("BODY", {}).get("text"), str):
        raise ScenarioError(f"Template {name}: it needs a BODY component with `text`.")
    header, buttons = by_type.get("HEADER", {}), by_type.get("BUTTONS", {}).get("buttons", [])
    if not isinstance(buttons, list) or not all(isinstance(button, dict) for button in buttons):
        raise ScenarioError(f"Template {name}: `buttons` must be a list of objects.")
    shown = {
        "name": name,
        "parameter_format": facts.get("parameter_format", "POSITIONAL"),
        "components": parts,
        "language": language,
        "status": status,
        "category": category,
        "sub_category": facts.get("sub_category", "CUSTOM"),
        "id": str(facts.get("id") or 1_689_556_908_000_000 + number),
    }
    return Template(
        facts={**facts, **shown},
        name=name,
        language=language,
        category=category,
        status=status,
        named=shown["parameter_format"] == "NAMED",
        header_format=str(header.get("format", "TEXT" if "text" in header else "NONE")).upper(),
        header=Pattern.of(str(header.get("text", ""))),
        body=Pattern.of(by_type["BODY"]["text"]),
        footer=str(by_type.get("FOOTER", {}).get("text", "")),
        buttons=tuple(_compile_button(button) for button in buttons),
    )


def _compile_button(facts: dict[str, Any]) -> Button:
    url = facts.get("url")
    kind = str(facts.get("type", "")).upper()
    return Button(
        kind, str(facts.get("text", "")), Pattern.of(url) if kind == "URL" and isinstance(url, str) else None
    )


def _sorted_components(components: list[Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"header": None, "body": None, "button": {}}
    for component in components:
        if not isinstance(component, dict):
            raise refused(131009, "Param template['components'] must be an array of objects.")
        kind = str(component.get("type", "")).lower()
        parameters = component.get("parameters", [])
        if kind not in given or not isinstance(parameters, list):
            raise refused(132012, f"components: Format mismatch, unexpected component ({kind or 'UNKNOWN'})")
        if kind == "button":
            index = str(component.get("index", ""))
            if not index.isdecimal():
                raise refused(131008, "Parameter index is required for a button.")
            given["button"][int(index)] = (str(component.get("sub_type", "")).upper(), parameters)
        else:
            given[kind] = parameters
    return given


def _text_of(where: str, parameter: Any, *, named: bool) -> str:
    kind = parameter.get("type") if isinstance(parameter, dict) else None
    if kind == "text":
        text = parameter.get("text")
    elif kind in {"currency", "date_time"} and not named and isinstance(parameter.get(kind), dict):
        text = parameter[kind].get("fallback_value")
    else:
        raise refused(
            132012, f"{where}: Format mismatch, expected TEXT, received {str(kind or 'UNKNOWN').upper()}"
        )
    if not isinstance(text, str) or not text:
        raise refused(131008, f"{where}: Parameter of type text is missing text value")
    if _FORBIDDEN_IN_TEXT.search(text):
        raise refused(
            132018,
            f"{where}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
    return text


def _media_header(expected: str, parameters: list[Any]) -> str:
    parameter = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else {}
    kind = str(parameter.get("type", "UNKNOWN"))
    media = parameter.get(kind)
    if kind.upper() != expected or not isinstance(media, dict):
        raise refused(132012, f"header: Format mismatch, expected {expected}, received {kind.upper()}")
    if expected == "LOCATION":
        return f"[location {media.get('latitude')}, {media.get('longitude')}]"
    source = media.get("id") or media.get("link")
    if not isinstance(source, str):
        raise refused(131008, f"header: Parameter of type {kind} needs id or link")
    return f"[{kind} {source}]"


def _button(index: int, button: Button, given: tuple[str, list[Any]] | None) -> tuple[str, str]:
    """Write a button and find its payload."""
    sub_type, parameters = given or ("", [])
    if given is not None and sub_type != button.kind:
        raise refused(
            132012,
            f"buttons: Button at index {index} is of type {button.kind}, received {sub_type or 'UNKNOWN'}",
        )
    first = parameters[0] if parameters and isinstance(parameters[0], dict) else {}
    if button.url is not None:
        if len(parameters) != len(button.url.names):
            if not parameters:
                raise refused(131008, f"buttons: Button at index {index} of type Url requires a parameter")
            raise refused(132000, _count_details("buttons", len(parameters), len(button.url.names)))
        values = {button.url.names[0]: _text_of("buttons", first, named=False)} if button.url.names else {}
        return f"[{button.text}] {button.url.fill(values)}", ""
    if button.kind == "QUICK_REPLY" and first:
        payload = first.get("payload")
        if first.get("type") != "payload" or not isinstance(payload, str) or not payload:
            raise refused(132012, f"buttons: Button at index {index} expects a payload")
        return f"[{button.text}]", payload
    return f"[{button.text}]", ""


def _count_details(where: str, given: int, expected: int) -> str:
    return (
        f"{where}: number of localizable_params ({given}) does not match "
        f"the expected number of params ({expected})"
    )
