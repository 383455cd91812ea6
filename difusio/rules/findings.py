"""What rules find in a campaign before it is sent: plain values that pre-flight shows and keeps (consent rules, 40)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from difusio.rules.facts import CampaignFacts


class Level(StrEnum):
    """What a finding means for the launch."""

    BLOCK = "block"  # nothing leaves until it is mended
    WARN = "warn"  # a person decides, knowing it
    NOTE = "note"  # good to know


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule found.

    rule: the rule's key.  sentence: what it is and what to do, an English message id with ``%(name)s`` for the values,
    so that a page can translate it first.
    """

    rule: str
    level: Level
    sentence: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Give the sentence in English, filled."""
        return self.sentence % self.values


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.  numbers: its rows in the list of consent rules.  source: what asks for it."""

    key: str
    numbers: tuple[int, ...]
    source: str
    check: Callable[[CampaignFacts], tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class RulePack:
    """Rules that hold somewhere; not legal advice.  read_on: the day on which the sources were read."""

    key: str
    jurisdiction: str
    version: str
    read_on: date
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class RuleReport:
    """Which rules ran over a campaign, and what they found: blocks first, else in the pack's order."""

    pack: str
    version: str
    ran: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def is_blocked(self) -> bool:
        """Tell whether something has to be mended first."""
        return any(finding.level is Level.BLOCK for finding in self.findings)


def run(pack: RulePack, facts: CampaignFacts) -> RuleReport:
    """Run every rule of a pack over one campaign."""
    found = [finding for rule in pack.rules for finding in rule.check(facts)]
    order = list(Level)
    return RuleReport(
        pack=pack.key,
        version=pack.version,
        ran=tuple(rule.key for rule in pack.rules),
        findings=tuple(sorted(found, key=lambda finding: order.index(finding.level))),
    )
