"""All templates of the account, and how each of them stands; what may happen to them is lifecycle.py's."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from whatsapp_simulator.scenario import ScenarioError
from whatsapp_simulator.templates import Template, compile_template

_FIRST_ID = 1_689_556_908_000_000
_ON_TRIAL = 7 * 86_400.0

Key = tuple[str, str]
"""Name and language."""
GoOn = Callable[[int | None, float], None]
"""Lets a held message go on at a simulated time: with None on its way, or to fail with a code."""


@dataclass(slots=True, eq=False)
class Standing:
    """One template and what happened to it; times are simulated seconds since 1970."""

    template: Template
    created_at: float
    edited_at: list[float] = field(default_factory=list)
    pauses: int = 0
    paused_until: float | None = None
    """When the pause ends by itself; None: by hand."""
    quality: str = "UNKNOWN"
    quality_at: int = 0
    was_approved: bool = False
    unpaused_at: float | None = None
    used_at: float = 0.0
    """When the marketing endpoint was last asked to send it, or learned it."""
    synced_at: float = 0.0
    """When the marketing endpoint knows it."""
    passed: int = 0
    """Messages that went out since pacing began."""
    held: list[GoOn] = field(default_factory=list)
    trial_since: float | None = None
    """When the first message was held."""

    @property
    def key(self) -> Key:
        """Name and language."""
        return self.template.name, self.template.language

    @property
    def facts(self) -> dict[str, Any]:
        """What the template list shows."""
        return self.template.facts

    @property
    def template_id(self) -> str:
        """Meta's id."""
        return str(self.template.facts["id"])

    def is_paced(self, now: float) -> bool:
        """Tell whether messages are counted before the rest may pass; now: simulated time.

        Marketing without a good score; utility only in the week after a pause.
        Source: DOC/templates/template-pacing (read 2026-11-22).
        """
        if self.template.category == "MARKETING":
            return self.quality != "GREEN"
        after_pause = self.unpaused_at is not None and now < self.unpaused_at + _ON_TRIAL
        return self.template.category == "UTILITY" and after_pause


class Catalogue:
    """The templates by name and language, by id, and the names that are locked after a deletion.

    `templates` is one dictionary for good: the way of a message looks templates up in it.
    """

    def __init__(self) -> None:
        self.templates: dict[Key, Template] = {}
        self._standings: dict[str, Standing] = {}
        self._locked_until: dict[Key, float] = {}
        self._serial = 0
        self.created_at: list[float] = []

    def fill(self, templates: Iterable[Template], *, at: float) -> None:
        """Put the templates of a setup in the place of all others."""
        self.templates.clear()
        self._standings.clear()
        self._locked_until.clear()
        self.created_at.clear()
        for template in templates:
            standing = Standing(template, created_at=at, used_at=at)
            score = template.facts.get("quality_score")
            if isinstance(score, dict):
                standing.quality = score.get("score", "UNKNOWN")
                standing.quality_at = score.get("date", 0)
            standing.was_approved = template.status in ("APPROVED", "PAUSED", "DISABLED")
            self._keep(standing)

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._standings.values())

    def __len__(self) -> int:
        return len(self._standings)

    def of_id(self, template_id: str) -> Standing | None:
        """Find a template by Meta's id."""
        return self._standings.get(template_id)

    def of(self, name: str, language: str) -> Standing | None:
        """Find a template by name and language."""
        template = self.templates.get((name, language))
        return None if template is None else self._standings[template.facts["id"]]

    def named(self, name: str) -> list[Standing]:
        """Find a template in all its languages."""
        return [standing for standing in self._standings.values() if standing.template.name == name]

    def add(self, facts: dict[str, Any], *, at: float) -> Standing:
        """Add a template with an id of its own."""
        self._serial += 1
        while str(_FIRST_ID + 500_000 + self._serial) in self._standings:
            self._serial += 1
        facts = {**facts, "id": str(_FIRST_ID + 500_000 + self._serial)}
        standing = Standing(compile_template(facts, number=0), created_at=at)
        self._keep(standing)
        self.created_at.append(at)
        return standing

    def change(self, standing: Standing, **facts: Any) -> None:
        """Give a template other facts; those that are None are taken away."""
        kept = {name: value for name, value in {**standing.facts, **facts}.items() if value is not None}
        standing.template = compile_template(kept, number=0)
        self._keep(standing)

    def remove(self, standing: Standing, *, locked_until: float | None) -> None:
        """Take a template away; locked_until: when its name may be used again, None for at once."""
        self.templates.pop(standing.key, None)
        self._standings.pop(standing.template_id, None)
        if locked_until is not None:
            self._locked_until[standing.key] = locked_until

    def is_locked(self, key: Key, now: float) -> bool:
        """Tell whether a name is still locked in a language."""
        return self._locked_until.get(key, 0.0) > now

    def knows(self, standing: Standing) -> bool:
        """Tell whether a template is still there."""
        return self._standings.get(standing.template_id) is standing

    def _keep(self, standing: Standing) -> None:
        self.templates[standing.key] = standing.template
        self._standings[standing.template_id] = standing


def compile_all(facts: Iterable[dict[str, Any]]) -> list[Template]:
    """Compile the templates of a setup; raises ScenarioError for one that stands there twice."""
    compiled: dict[Key, Template] = {}
    ids: set[str] = set()
    for number, one in enumerate(facts, 1):
        path = f"$.setup.templates[{number - 1}]"
        try:
            template = compile_template(one, number=number)
        except ScenarioError as problem:
            raise ScenarioError(str(problem), path=path) from problem
        name, template_id = template.name, template.facts["id"]
        if (name, template.language) in compiled:
            raise ScenarioError(f"Template {name} stands there twice in {template.language}.", path=path)
        if template_id in ids:
            raise ScenarioError(f"Template {name}: the id {template_id} is another's too.", path=path)
        ids.add(template.facts["id"])
        compiled[template.name, template.language] = template
    return list(compiled.values())
