"""A message to people: as it was accepted, and on its way to one of them."""

from dataclasses import dataclass
from typing import Any, Literal

from whatsapp_simulator.choices import Choice
from whatsapp_simulator.people import Address, Person
from whatsapp_simulator.pricing import Conversation
from whatsapp_simulator.scenario import Group
from whatsapp_simulator.shown import Media, Shown
from whatsapp_simulator.tallies import Counted
from whatsapp_simulator.templates import Template
from whatsapp_simulator.world import Line

Endpoint = Literal["messages", "marketing_messages"]

_LONGEST_LIFE_S, _LIFE_OF_A_CODE_S = 30 * 86_400.0, 600.0

# Which side of a message's dice decides what.
(
    SENT_AT, DELIVERED_OR_NOT, DELIVERED_AT, READ_AT, PRICED_WHERE, REPEATED, SWAPPED, MISSING, FAILED_TOO,
    REPLY_AT, REPLY_TEXT, REPEATED_AT, FAILS_AT, REPEATED_WHICH, LATE, SPAM,
) = range(16)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that passed all checks."""

    line: Line
    address: Address
    person: Person
    endpoint: Endpoint
    token: str | None
    """`biz_opaque_callback_data`."""
    template: Template | None
    shown: Shown
    """What the person sees."""
    people: tuple[Person, ...]
    """Whom it reaches: the person, or everybody in the group."""
    group: Group | None = None
    direct: bool = False
    """Sent as Direct Send, which counts as a utility template."""
    is_held: bool = False
    """Kept back until the template's quality is known."""

    @property
    def needs_window(self) -> bool:
        """Tell whether it may be sent in the 24 hours after the person wrote only."""
        return self.template is None and not self.direct

    @property
    def is_marketing(self) -> bool:
        """Tell whether it is a MARKETING template."""
        return self.template is not None and self.template.category == "MARKETING"

    def category(self, *, onboarded: bool) -> str:
        """Tell the pricing category; onboarded: to the Marketing Messages API."""
        if self.group is not None:
            return f"group_{'service' if self.template is None else self.template.category.lower()}"
        if self.template is None:
            return "utility" if self.direct else "service"
        if self.endpoint == "marketing_messages" and onboarded:
            return "marketing_lite"
        return self.template.category.lower()

    def counted_for(self, person: Person, now: float) -> Counted:
        """Write what analytics count of it."""
        template_id = "" if self.template is None else str(self.template.facts["id"])
        category = "SERVICE" if self.template is None else self.template.category
        return Counted(template_id, self.line.number.digits, person.country, category, now)

    @property
    def lives_s(self) -> float:
        """Tell how many simulated seconds it has to be delivered in.

        Source: DOC/templates/time-to-live (read 2025-12); DOC as in payloads.  Marketing templates have a time of
        their own on the marketing endpoint alone.
        """
        template = self.template
        if template is None or (self.is_marketing and self.endpoint == "messages"):
            return _LONGEST_LIFE_S
        told = template.facts.get("message_send_ttl_seconds")
        if not isinstance(told, int | float):
            return _LIFE_OF_A_CODE_S if template.category == "AUTHENTICATION" else _LONGEST_LIFE_S
        return told if told > 0 else _LONGEST_LIFE_S

    @property
    def files(self) -> tuple[Media, ...]:
        """The files it carries."""
        shown = self.shown
        headers = (shown.header, *[card.header for card in shown.cards])
        found = (shown.media, *[header.media for header in headers if header is not None])
        return tuple([media for media in found if media is not None])


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message fails after all; details: empty for the documented ones."""

    code: int
    details: str = ""


@dataclass(slots=True)
class Message:
    """A message on its way to one person."""

    wamid: str
    row: int
    """In the accepted journal."""
    person: Person
    line: Line
    token: str | None
    address: Address
    dice: bytes
    category: str
    language: str
    is_marketing: bool
    withheld: tuple[str, ...] | None
    counted: Counted
    group_id: str = ""
    is_reaction: bool = False
    is_voice: bool = False
    choices: tuple[Choice, ...] = ()
    """What the person can tap, for those who do."""
    lives_s: float = _LONGEST_LIFE_S
    """Not delivered by then, it is dropped without a word."""
    pricing: dict[str, Any] | None = None
    """Told on one status, then taken away."""
    price: dict[str, Any] | None = None
    conversation: Conversation | None = None
    held: dict[str, Any] | None = None
