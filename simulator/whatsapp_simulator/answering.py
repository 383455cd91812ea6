"""What people do once they have read a message: answer, tap, leave, block, take another number, or nothing.

Only marketing moves people to write, and a tap follows a message at most half of the time: an answer to an answer
would never end.
"""

from whatsapp_simulator.choices import Choice, said_by_tapping
from whatsapp_simulator.countries import EEA
from whatsapp_simulator.deeds import Deeds, quoted
from whatsapp_simulator.dice import between, side, throw
from whatsapp_simulator.outgoing import REPLY_AT, REPLY_TEXT, Message
from whatsapp_simulator.people import Person
from whatsapp_simulator.words import LEAVING, REPLIES, label_means_leaving, language_of
from whatsapp_simulator.world import World

_TAPS_OF_MESSAGES = 0.5
_MOVES_AFTER_S = (86_400.0, 5 * 86_400.0)
# Source: DOC/marketing-messages/features (read spring 2026): no reporting of clicks there.
_WITHOUT_CLICKS = frozenset({*EEA, "GB", "JP", "KR", "NG", "ZA"})
# Sides of the second throw, for what few people do.
_TAPS, _WHICH, _MOVES_AT, _MOVES_TO = range(4)
_CHANGED_DIGITS = 6


class Answering:
    """The habits of the people of one world."""

    def __init__(self, world: World, deeds: Deeds) -> None:
        self._world = world
        self._deeds = deeds

    def after_reading(self, message: Message, at: float) -> None:
        """Let the reader do what they do; at: when they read it, in simulated seconds."""
        person = message.person
        if person.has_left:
            return
        if message.choices:
            self._tap_later(message, at)
        if not message.is_marketing:
            return
        later = at + between(*self._world.habits.reply_s, side(message.dice, REPLY_AT))
        if person.replies or person.leaves != "no":
            self._world.schedule.at(later, self._answer, message)
        if person.blocks:
            self._world.schedule.at(later, self._block, person)
        if person.changes_number and person.phone:
            person.changes_number = False
            chance = side(self._second_throw(message), _MOVES_AT)
            self._world.schedule.at(at + between(*_MOVES_AFTER_S, chance), self._move, message)

    def _block(self, due: float, person: Person) -> None:
        self._deeds.block(person, at=due)

    def _answer(self, due: float, message: Message) -> None:
        person = message.person
        line = self._world.lines.get(message.line.number.phone_number_id)
        if person.has_left or line is None:
            return
        language = person.language or language_of(message.language)
        chance = side(message.dice, REPLY_TEXT)
        if person.leaves == "no":
            texts = REPLIES[language]
            text = person.reply_text or texts[int(chance * len(texts))]
            self._deeds.write(person, line, text, at=due, context=message.wamid)
            return
        if person.leaves == "native":
            self._deeds.prefer(person, line, "stop", at=due)
            return
        wamid, quick_replies = person.quick_replies or ("", ())
        button = next((reply for reply in quick_replies if label_means_leaving(reply.text)), None)
        if person.leaves == "button" and button is not None:
            self._deeds.tap(person, line, button, at=due, context=wamid)
            return
        texts = LEAVING[language]
        self._deeds.write(person, line, person.leaving_text or texts[int(chance * len(texts))], at=due)
        self._deeds.leave(person, "word")

    def _tap_later(self, message: Message, at: float) -> None:
        dice = self._second_throw(message)
        offered = [choice for choice in message.choices if not label_means_leaving(choice.title)]
        if not offered or side(dice, _TAPS) >= _TAPS_OF_MESSAGES:
            return
        choice = offered[int(side(dice, _WHICH) * len(offered))]
        later = at + between(*self._world.habits.reply_s, side(message.dice, REPLY_AT))
        self._world.schedule.at(later, self._tap, (message, choice))

    def _tap(self, due: float, tapped: tuple[Message, Choice]) -> None:
        message, choice = tapped
        person = message.person
        line = self._world.lines.get(message.line.number.phone_number_id)
        if line is None:
            return
        said = said_by_tapping(choice, person, at=due)
        if said is not None:
            self._deeds.say(person, line, said.within(quoted(line, message.wamid)), at=due)
        elif choice.kind == "url":
            if message.counted.template_id:
                self._world.tallies.clicked(
                    message.counted.template_id, due, kind="url_button", label=choice.title
                )
            if message.category == "marketing_lite" and person.country not in _WITHOUT_CLICKS:
                self._deeds.click(person, line, at=due)

    def _move(self, due: float, message: Message) -> None:
        person, dice = message.person, self._second_throw(message)
        line = self._world.lines.get(message.line.number.phone_number_id)
        if line is None or person.phone is None:
            return
        last = int(side(dice, _MOVES_TO) * 10**_CHANGED_DIGITS)
        phone = f"{person.phone[:-_CHANGED_DIGITS]}{last:0{_CHANGED_DIGITS}d}"
        if self._world.population.find(phone) is None:
            self._deeds.change_number(person, line, phone, at=due)

    def _second_throw(self, message: Message) -> bytes:
        return throw(self._world.seed, "after", message.person.key, message.dice.hex())
