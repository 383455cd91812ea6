"""What a message offers to tap, and what the person sends by tapping it."""

from collections.abc import Callable
from dataclasses import dataclass

from whatsapp_simulator import inbound
from whatsapp_simulator.inbound import Said
from whatsapp_simulator.people import Person
from whatsapp_simulator.shown import Shown

CALLS_ALLOWED_S = 7 * 86_400
_ANSWERED = frozenset({"reply", "quick_reply", "url", "flow", "location", "contact_info", "call_permission"})
# Where people are who were asked where they are: nowhere in particular.
_PLACE = {"latitude": 41.3874, "longitude": 2.1686}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to tap; kind: as of buttons in `shown`, or `row` of a list."""

    kind: str
    title: str
    id: str = ""
    description: str = ""


def choices_of(shown: Shown) -> tuple[Choice, ...]:
    """Find everything that can be tapped and tells the business something, in the order in which it stands there."""
    if not (shown.buttons or shown.cards or shown.sections):
        return ()
    buttons = [*shown.buttons]
    for card in shown.cards:
        buttons += card.buttons
    found = [Choice(button.kind, button.title, button.id) for button in buttons if button.kind in _ANSWERED]
    for section in shown.sections:
        found += [Choice("row", row.title, row.id, row.description) for row in section.rows]
    return tuple(found)


def said_by_tapping(choice: Choice, person: Person, *, at: float) -> Said | None:
    """Write what is sent by a tap; None for a link, and for a number that the person does not have."""
    if choice.kind == "contact_info":
        card = {"phones": [{"phone": f"+{person.phone}"}]}
        return inbound.contacts([card], requested=True) if person.phone else None
    if choice.kind == "call_permission":
        return inbound.call_permission(accepts=True, until=at + CALLS_ALLOWED_S)
    make = _MAKERS.get(choice.kind)
    return None if make is None else make(choice)


_MAKERS: dict[str, Callable[[Choice], Said]] = {
    "reply": lambda choice: inbound.button_reply(choice.id, choice.title),
    "quick_reply": lambda choice: inbound.button(choice.title, choice.id or choice.title),
    "row": lambda choice: inbound.list_reply(choice.id, choice.title, choice.description),
    "flow": lambda choice: inbound.flow_reply({"flow_token": choice.id}),
    "location": lambda _choice: inbound.location(_PLACE),
}
