"""Templates as Meta knows them: read from the shape of its template list, each with its compiled form."""

import re
from dataclasses import dataclass
from typing import Any

from whatsapp_simulator.rendering import Form, compile_form
from whatsapp_simulator.scenario import ScenarioError

_STATUSES = frozenset(
    {
        "APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED",
        "IN_APPEAL", "PENDING_DELETION", "DELETED", "LIMIT_EXCEEDED", "ARCHIVED",
    }
)  # fmt: skip
_CATEGORIES = frozenset({"MARKETING", "UTILITY", "AUTHENTICATION"})
_SCORES = frozenset({"GREEN", "YELLOW", "RED", "UNKNOWN"})


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A quick reply as it stands in a chat: what tapping it says."""

    text: str
    payload: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template; `facts` is what the template list shows, `form` what a send fills in."""

    facts: dict[str, Any]
    name: str
    language: str
    category: str
    status: str
    form: Form


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
    if not isinstance(status, str) or status not in _STATUSES:
        raise ScenarioError(
            f"Template {name}: `status` {status!r} is not one of {', '.join(sorted(_STATUSES))}."
        )
    if not isinstance(category, str) or category not in _CATEGORIES:
        raise ScenarioError(
            f"Template {name}: `category` {category!r} is not one of {', '.join(sorted(_CATEGORIES))}."
        )
    _check_score(name, facts.get("quality_score"))
    parts = facts.get("components")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ScenarioError(f"Template {name}: `components` must be a list of objects.")
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
    try:
        form = compile_form(parts, named=shown["parameter_format"] == "NAMED", category=category)
    except ValueError as problem:
        raise ScenarioError(f"Template {name}: {problem}") from problem
    return Template(facts | shown, name, language, category, status, form)


def _check_score(name: str, score: object) -> None:
    if score is None:
        return
    told = score.get("score", "UNKNOWN") if isinstance(score, dict) else None
    if not isinstance(score, dict) or not isinstance(told, str) or told not in _SCORES:
        raise ScenarioError(
            f"Template {name}: `quality_score` must be an object with `score`, one of {', '.join(sorted(_SCORES))}."
        )
    if type(score.get("date", 0)) is not int:
        raise ScenarioError(
            f"Template {name}: `date` of `quality_score` must be whole seconds since 1970, not {score['date']!r}."
        )
