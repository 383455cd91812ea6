"""What was accepted and fails all the same: told later, by webhook.

At once fail, before this: form, template, rates, block list.  Source: DOC/support/error-codes, DOC/messaging-limits,
DOC/templates/marketing-templates/per-user-limits (read September 2026); which of them come later is in part our
inference.
"""

from whatsapp_simulator.countries import country
from whatsapp_simulator.deeds import WINDOW_S
from whatsapp_simulator.dice import side
from whatsapp_simulator.outgoing import DELIVERED_OR_NOT, SPAM, Failure, Message, Outgoing
from whatsapp_simulator.people import Person
from whatsapp_simulator.shown import Reaction
from whatsapp_simulator.world import Line, World

_UNREACHABLE, _EXPERIMENT, _WINDOW_CLOSED, _CAPPED, _STOPPED = 131026, 130472, 131047, 131049, 131050
_INVALID, _SPAM = 131009, 131048
_REACTED_WITHIN_S = 30 * WINDOW_S
UNREACHABLE = Failure(_UNREACHABLE)
UNPAID = Failure(131042)


def failure_of(world: World, out: Outgoing, message: Message, now: float) -> Failure | None:
    """Decide whether a message fails later, and why; None lets it count against the limits."""
    person, line = message.person, message.line
    number_id = line.number.phone_number_id
    fault = world.faults.strikes("fail_later", person=person, phone_number_id=number_id)
    if fault is not None and fault.code is not None:
        return Failure(fault.code)
    in_window = person.window_open(number_id, now)
    failure = _failure_of_delivery(world, out, person, now)
    if failure is None and out.is_marketing:
        failure = _failure_of_marketing(world, person, line, now, in_window=in_window)
    if failure is None and out.group is None and not in_window:
        failure = _failure_of_limits(world, out, message, now)
    return failure


def _failure_of_delivery(world: World, out: Outgoing, person: Person, now: float) -> Failure | None:
    number_id, reaction = out.line.number.phone_number_id, out.shown.reaction
    if out.needs_window and not any(one.window_open(number_id, now) for one in out.people):
        return Failure(_WINDOW_CLOSED)
    if person.unreachable:
        return UNREACHABLE
    if reaction is not None and not _can_be_reacted_to(world, person, reaction, now):
        return Failure(_INVALID, "The message that was reacted to is unknown or older than 30 days.")
    return None


def _failure_of_marketing(
    world: World, person: Person, line: Line, now: float, *, in_window: bool
) -> Failure | None:
    if person.stopped_natively:
        return Failure(_STOPPED)
    if person.capped_everywhere or (world.habits.us_marketing_paused and person.country == "US"):
        return Failure(_CAPPED)
    may_be_full = person.capped or world.limits.marketing_per_person
    is_measured = may_be_full and not in_window and _has_cap(world, person, line)
    if is_measured and person.capped:
        return Failure(_CAPPED)
    if person.experiment:
        return Failure(_EXPERIMENT)
    if is_measured and not world.marketing.lets_through(person.key, now):
        return Failure(_CAPPED)
    return None


def _has_cap(world: World, person: Person, line: Line) -> bool:
    """Tell whether Meta counts marketing between them: in none of the free countries, on either side."""
    free = world.limits.marketing_free_in
    return person.country not in free and country(line.number.digits) not in free


def _failure_of_limits(world: World, out: Outgoing, message: Message, now: float) -> Failure | None:
    line, limits = message.line, world.limits
    if (
        limits.spam_at_red
        and out.template is not None
        and line.number.quality_rating == "RED"
        and side(message.dice, SPAM) < limits.spam_at_red
    ):
        return Failure(_SPAM)
    if world.portfolio.most is None:
        return None
    # Only who gets a message counts.
    habits = world.habits
    chance = side(message.dice, DELIVERED_OR_NOT)
    arrives = not message.person.blocks_us and chance < habits.delivered + habits.delivered_late
    if not world.portfolio.lets_through(message.person.key, now, counts=arrives):
        return Failure(limits.over_messaging_limit)
    return None


def _can_be_reacted_to(world: World, person: Person, reaction: Reaction, now: float) -> bool:
    row = world.line_of_chat(person, reaction.message_id)
    return row is not None and row["at"] + _REACTED_WITHIN_S >= now
