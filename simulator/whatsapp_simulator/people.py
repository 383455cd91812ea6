"""The people on the other side: who they are comes from the seed, what happened to them is kept here."""

import base64
import hashlib
import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import islice

from whatsapp_simulator.countries import calling_code, country
from whatsapp_simulator.dice import side, throw
from whatsapp_simulator.scenario import Habits, PersonFacts, ScenarioError
from whatsapp_simulator.templates import QuickReply
from whatsapp_simulator.words import NAMES

_FORMATTING = str.maketrans("", "", " ()-.\u00a0")
_DIGITS = re.compile(r"[0-9]{7,15}")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_USER_ID_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a phone in digits, or a business-scoped user id."""

    phone: str | None = None
    user_id: str | None = None

    def __str__(self) -> str:
        return f"+{self.phone}" if self.phone else self.user_id or ""


def read_phone(text: str, *, own_digits: str = "") -> Address | None:
    """Read a phone as Meta does: without plus, the sender's calling code goes before it; None if it is none.

    Source: DOC/messages/send-messages (phone number formats).
    """
    plain = text.translate(_FORMATTING)
    international = plain.startswith("+")
    digits = plain[1:] if international else calling_code(own_digits) + plain
    return Address(phone=digits) if _DIGITS.fullmatch(digits) else None


def read_user_id(text: str) -> Address | None:
    """Read a business-scoped user id; None if it is none."""
    return Address(user_id=text) if _USER_ID.fullmatch(text) else None


@dataclass(slots=True)
class FreeEntry:
    """Somebody's coming from an ad; until: when everything ends being free, 0 until it is answered."""

    arrived_at: float
    until: float = 0.0


def _no_rows() -> "array[int]":
    # Four bytes a message instead of forty: crowds get millions.
    return array("i")


@dataclass(slots=True, eq=False)
class Person:
    """One person, however addressed.

    phone: digits; None for somebody known by BSUID only.  phone_known: the business has their number, so that
    webhooks show it; somebody with a username stays without until a message went to the number.
    """

    key: str
    phone: str | None
    user_id: str
    name: str
    username: str | None
    phone_known: bool
    language: str | None
    reads: bool
    read_receipts: bool
    replies: bool
    leaves: str
    unreachable: bool
    capped: bool
    experiment: bool
    capped_everywhere: bool = False
    """They were told to be capped: where Meta has no cap, too."""
    taps: bool = False
    blocks: bool = False
    changes_number: bool = False
    reply_text: str | None = None
    leaving_text: str | None = None

    stopped_natively: bool = False
    has_left: bool = False
    confirmed: bool = False
    blocks_us: bool = False
    blocked_by_us: bool = False
    """They stand on the block list of at least one number."""
    received: int = 0
    last_at: float = 0.0
    """When something was last said in their chat, in simulated time."""
    windows: dict[str, float] | None = None
    taken_over: frozenset[str] = frozenset()
    """Numbers whose agent gave the thread to the business."""
    free_entries: dict[str, FreeEntry] | None = None
    quick_replies: tuple[str, tuple[QuickReply, ...]] | None = None
    """The last message that had quick replies: wamid and what they say."""
    read_up_to: int = 0
    """What they wrote up to this row of the inbound journal, the business has marked as read."""
    typing_until: float = 0.0
    """They see the business typing until then, in simulated time."""
    devices: int = 1
    """How many phones they have had; each has an identity key of its own."""
    chat: "array[int]" = field(default_factory=_no_rows)
    """What was received (row of the accepted journal) and written (minus the row of the inbound journal)."""

    @property
    def address(self) -> str:
        """The address the business knows."""
        return f"+{self.phone}" if self.phone and self.phone_known else self.user_id

    @property
    def country(self) -> str:
        """The ISO country they are in."""
        return country(self.phone) if self.phone else self.user_id[:2]

    @property
    def wa_digits(self) -> str:
        """Digits for message ids, which hold the number; somebody without one lends those of the BSUID."""
        return self.phone or re.sub(r"\D", "", self.user_id)[:15] or "0"

    @property
    def identity_key_hash(self) -> str:
        """The hash of the key of their present phone."""
        key = hashlib.blake2b(f"{self.key}:{self.devices}".encode(), digest_size=8)
        return base64.b64encode(key.digest()).decode()

    def window_open(self, phone_number_id: str, at: float) -> bool:
        """Tell whether they wrote to the number in the 24 hours before."""
        return self.windows is not None and self.windows.get(phone_number_id, 0.0) > at


class Population:
    """All people seen so far, found by phone or by BSUID; whoever is new comes out of the seed."""

    def __init__(self, *, seed: int, habits: Habits) -> None:
        self._seed = seed
        self.habits = habits
        self.reads_international = False
        """Whether digits without plus have their calling code."""
        self._people: dict[str, Person] = {}
        self._by_phone: dict[str, Person] = {}
        self._by_user_id: dict[str, Person] = {}
        self._by_other_digits: dict[str, list[Person]] = {}
        """By what message ids hold besides present phones: digits of user ids, and phones of before."""
        self._moves = 0

    def __len__(self) -> int:
        return len(self._people)

    def listed(self, *, after: str | None, limit: int) -> list[Person]:
        """List people in the order of their keys, beginning after a key."""
        keys = sorted(key for key in self._people if after is None or key > after)
        return [self._people[key] for key in islice(keys, limit)]

    def recent(self, *, search: str, limit: int) -> list[Person]:
        """List those whose chat moved last, first; search: part of a name, username, phone or user id."""
        word = search.strip().casefold()
        digits = re.sub(r"[ ()+.-]", "", word)
        people = (person for person in self._people.values() if not word or _fits(person, word, digits))
        return nlargest(limit, people, key=lambda person: person.last_at)

    def everybody(self) -> Iterable[Person]:
        """List everybody, in the order they were met."""
        return self._people.values()

    def meet(self, address: Address) -> Person:
        """Find the person at an address, or let them come into being."""
        if address.phone:
            person = self._by_phone.get(address.phone)
            if person is None:
                person = self._make(PersonFacts(phone=address.phone))
            person.phone_known = True
            return person
        user_id = address.user_id or ""
        return self._by_user_id.get(user_id) or self._make(PersonFacts(user_id=user_id))

    def read(self, text: str, *, own_digits: str) -> Address | None:
        """Read the phone that a message goes to, None if it is none; own_digits: the sender's number.

        Digits alone are taken as they are if they are somebody's `wa_id`, because clients answer to what webhooks
        told them; any other phone without plus is taken as one of the sender's country, unless the rules say otherwise.
        """
        if text in self._by_phone:
            return Address(phone=text)
        return read_phone(text, own_digits="" if self.reads_international else own_digits)

    def find(self, text: str) -> Person | None:
        """Find somebody already seen by key, phone or BSUID."""
        if text in self._people:
            return self._people[text]
        if text in self._by_user_id:
            return self._by_user_id[text]
        return self._by_phone.get(text.translate(_FORMATTING).lstrip("+"))

    def with_digits(self, digits: str) -> list[Person]:
        """List whose message ids hold these digits, or held them once."""
        present = self._by_phone.get(digits)
        return [*([] if present is None else [present]), *self._by_other_digits.get(digits, ())]

    def add(self, people: Iterable[PersonFacts]) -> list[Person]:
        """Add people with given traits, all or none; raises ScenarioError for a missing or taken address."""
        people = tuple(people)
        taken = self._by_phone.keys() | self._by_user_id.keys()
        for position, facts in enumerate(people):
            addresses = {_digits(facts.phone), facts.user_id} - {None}
            if not addresses:
                raise ScenarioError(
                    "A person needs `phone`, `user_id` or both.", path=f"$.people[{position}]"
                )
            if not addresses.isdisjoint(taken):
                raise ScenarioError(
                    f"Somebody with the address {facts.phone or facts.user_id} is there already.",
                    path=f"$.people[{position}]",
                )
            taken |= {address for address in addresses if address}
        return [self._make(facts) for facts in people]

    def new_user_id(self, phone: str) -> str:
        """Make the user id that goes with a number; phone: digits."""
        return self._user_id_of(phone)

    def check_free(self, phone: str | None, user_id: str | None) -> None:
        """Raise ScenarioError if somebody has one of the addresses; phone: digits."""
        if phone in self._by_phone or user_id in self._by_user_id:
            raise ScenarioError(
                f"Somebody with the address {f'+{phone}' if phone in self._by_phone else user_id} is there already."
            )

    def move(self, person: Person, *, phone: str | None, user_id: str) -> None:
        """Give somebody new addresses; whoever writes to the old ones finds nobody on WhatsApp."""
        self._moves += 1
        gone = PersonFacts(
            phone=person.phone if phone != person.phone else None, user_id=person.user_id, unreachable=True
        )
        self._remember_digits(person)
        self._by_phone.pop(person.phone or "", None)
        del self._by_user_id[person.user_id]
        person.phone, person.user_id = phone, user_id
        if phone:
            self._by_phone[phone] = person
        else:
            self._remember_digits(person)
        self._by_user_id[user_id] = person
        self._make(gone, identity=f"gone/{self._moves}/{person.key}")

    def forget(self) -> None:
        """Forget everybody."""
        self._people.clear()
        self._by_phone.clear()
        self._by_user_id.clear()
        self._by_other_digits.clear()

    def _make(self, facts: PersonFacts, *, identity: str = "") -> Person:
        habits, phone = self.habits, _digits(facts.phone)
        identity = identity or phone or facts.user_id or ""
        dice = throw(self._seed, "person", identity)
        name = facts.name or NAMES[int(side(dice, 0) * len(NAMES))]
        username = facts.username
        if username is None and (
            phone is None or (facts.user_id is None and side(dice, 1) < habits.has_username)
        ):
            username = f"{re.sub('[^a-z]', '', name.lower())}.{dice[:2].hex()}"
        person = Person(
            key="person-" + dice[-8:].hex(),
            phone=phone,
            user_id=facts.user_id or self._user_id_of(identity),
            name=name,
            username=username,
            phone_known=phone is not None and username is None,
            language=facts.language,
            reads=_or(facts.reads, side(dice, 2) < habits.reads),
            read_receipts=_or(facts.read_receipts, side(dice, 3) >= habits.receipts_off),
            replies=_or(facts.replies, side(dice, 4) < habits.replies),
            leaves=facts.leaves or _way_of_leaving(habits, side(dice, 5), side(dice, 6)),
            unreachable=_or(facts.unreachable, side(dice, 7) < habits.unreachable),
            capped=_or(facts.capped, side(dice, 8) < habits.capped),
            capped_everywhere=facts.capped is True,
            experiment=_or(facts.experiment, side(dice, 9) < habits.experiment),
            taps=_or(facts.taps, side(dice, 10) < habits.taps),
            blocks=_or(facts.blocks, side(dice, 11) < habits.blocks),
            changes_number=_or(facts.changes_number, side(dice, 12) < habits.changes_number),
            reply_text=facts.reply_text,
            leaving_text=facts.leaving_text,
        )
        self._people[person.key] = person
        self._by_user_id[person.user_id] = person
        if phone:
            self._by_phone[phone] = person
        else:
            self._remember_digits(person)
        return person

    def _remember_digits(self, person: Person) -> None:
        self._by_other_digits.setdefault(person.wa_digits, []).append(person)

    def _user_id_of(self, phone: str) -> str:
        number = int.from_bytes(
            hashlib.blake2b(f"{self._seed}:{phone}".encode(), digest_size=8).digest(), "big"
        )
        return f"{country(phone)}.{number:0{_USER_ID_DIGITS}d}"


def _fits(person: Person, word: str, digits: str) -> bool:
    texts = (person.name, person.username or "", person.user_id)
    if any(word in text.casefold() for text in texts):
        return True
    return digits.isdecimal() and person.phone is not None and digits in person.phone


def _digits(phone: str | None) -> str | None:
    return phone.translate(_FORMATTING).lstrip("+") if phone else None


def _or(told: bool | None, drawn: bool) -> bool:  # noqa: FBT001 - two answers to the same question
    return drawn if told is None else told


def _way_of_leaving(habits: Habits, chance: float, way: float) -> str:
    if chance >= habits.leaves:
        return "no"
    if way < habits.leaves_natively:
        return "native"
    return "button" if way < habits.leaves_natively + habits.leaves_by_button else "word"
