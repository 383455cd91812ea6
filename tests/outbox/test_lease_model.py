"""A small model of the lease, visited state by state: senders that sleep, die and lose commits, and one delivery.

Time comes in ticks.  Whoever does not move sleeps, so that every pause is among the ways the story can go.  What the
model takes for granted: a byte leaves in the moment in which the sender has looked at its clock (nobody can do better
without a fence at Meta), and clocks run equally fast.  A rule that is left out must show: each is there for a reason.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import pytest

from tests.docs.pages import HOUSE
from tests.size import sized

LEASE: Final = 3  # ticks
REQUEST: Final = 2
LONGEST: Final = 3
EPOCHS: Final = 3
RELEASED: Final = -LONGEST - 1
UNSETTLED: Final = frozenset({"sending", "in_doubt"})

# Where each rule of the model stands in the code; what moves there must be moved here.
MIRRORS: Final = [
    ("outbox/lease.sql", "expires_at + make_interval(secs => %(longest_request_s)s) < clock_timestamp()"),
    ("outbox/lease.sql", "state IN ('claimed', 'sending') AND epoch < %(epoch)s"),
    ("outbox/lease.sql", "CASE l.state WHEN 'claimed' THEN 'queued' ELSE 'in_doubt' END"),
    ("outbox/lease.py", "float(settings.DIFUSIO_REQUEST_S) * 1.5"),
    ("outbox/claim.sql", "l.expires_at > clock_timestamp() + make_interval(secs => %(deadline_s)s)"),
    ("outbox/claim.sql", "CASE d.state WHEN 'claimed' THEN d.epoch = ours.epoch ELSE false END"),
    ("outbox/record.sql", "WHEN 'sending' THEN d.epoch = attempt.epoch OR attempt.outcome = 'accepted'"),
    ("outbox/record.sql", "WHEN 'in_doubt' THEN d.epoch = attempt.epoch AND attempt.outcome <> 'in_doubt'"),
    ("sending/number_sender.py", "if monotonic() > until:"),
    ("sending/number_sender.py", "until=asked_at + lease.longest_request_s()"),
]


class Doing(StrEnum):
    """Where a sender stands with its one request."""

    NOTHING = "nothing"  # has no number
    HOLDING = "holding"  # has the number
    ASKING = "asking"  # the intent is on its way to the store
    READY = "ready"  # the intent is durable, and the sender knows
    FLYING = "flying"  # the request has left
    TAKEN = "taken"  # Meta's answer came
    DOUBTING = "doubting"  # no answer came
    UNSTARTED = "unstarted"  # nothing left, and the sender knows


class Sender(NamedTuple):
    doing: Doing = Doing.NOTHING
    epoch: int = 0
    until: int = 0  # ticks left in which its intent may start
    is_durable: bool = False  # whether its attempt stands in the store


class World(NamedTuple):
    """epoch, left: the lease, and the ticks until it ends.  air: (epoch, ticks left) of each request.

    Who has the lease is told by the epoch.  Senders stand in order, so that two that change places are one world.
    """

    senders: tuple[Sender, ...]
    epoch: int = 0
    left: int = RELEASED
    state: str = "queued"
    row_epoch: int = 0
    air: tuple[tuple[int, int], ...] = ()
    taken: int = 0  # how often Meta took the message
    stale_start: bool = False

    def with_sender(self, place: int, sender: Sender) -> "World":
        return self._replace(
            senders=tuple(sorted((*self.senders[:place], sender, *self.senders[place + 1 :])))
        )


Move = tuple[World, Sender]  # the world, and the sender that moved in it


@dataclass(frozen=True, slots=True)
class Rules:
    """What the code keeps to; the tests leave out one at a time."""

    a_new_owner_waits: bool = True
    the_lease_outlives_the_request: bool = True
    a_late_intent_is_not_started: bool = True
    a_stale_record_changes_nothing: bool = True
    what_was_intended_is_in_doubt: bool = True


def wrong(world: World) -> str:
    """Say what must never be, or nothing."""
    if world.taken > 1:
        return "sent twice"
    if any(epoch < world.epoch for epoch, _ in world.air):
        return "an old owner's request in the air under a new one"
    return "a stale epoch's intent was posted" if world.stale_start else ""


def visit(rules: Rules, senders: int = 2) -> tuple[int, str]:
    """Visit every state that can be reached; give how many there are and the first thing that is wrong."""
    first = World(senders=(Sender(),) * senders)
    seen, waiting = {first}, deque([first])
    while waiting:
        world = waiting.popleft()
        if found := wrong(world):
            return len(seen), found
        for after in steps(world, rules):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return len(seen), ""


def steps(world: World, rules: Rules) -> Iterator[World]:
    yield tick(world)
    if world.taken and world.state in UNSETTLED:
        yield world._replace(state="accepted")  # the echo
    for place, sender in enumerate(world.senders):
        if sender.doing != Doing.NOTHING:
            yield world.with_sender(place, Sender())  # killed
        for after, doing in MOVES[sender.doing](world, sender, rules):
            yield after.with_sender(place, doing)


def tick(world: World) -> World:
    return world._replace(
        left=max(RELEASED, world.left - 1),
        air=tuple((epoch, left - 1) for epoch, left in world.air if left > 0),
        senders=tuple(sender._replace(until=max(-1, sender.until - 1)) for sender in world.senders),
    )


def acquire(world: World, _: Sender, rules: Rules) -> Iterator[Move]:
    waits = -LONGEST if rules.a_new_owner_waits else 0
    if world.epoch == EPOCHS or (world.left >= waits and world.epoch > 0):
        return
    doubt = "in_doubt" if rules.what_was_intended_is_in_doubt else "queued"
    state = {"claimed": "queued", "sending": doubt}.get(world.state, world.state)
    epoch = world.epoch + 1
    yield world._replace(epoch=epoch, left=LEASE, state=state), Sender(Doing.HOLDING, epoch)


def hold(world: World, sender: Sender, _: Rules) -> Iterator[Move]:
    if is_held(world, sender):
        yield world._replace(left=LEASE), sender
        if world.state == "queued":
            yield world._replace(state="claimed", row_epoch=sender.epoch), sender
    if world.epoch == sender.epoch:
        yield world._replace(left=RELEASED), Sender()  # given back with nothing in the air
    yield world, sender._replace(doing=Doing.ASKING, until=LONGEST)


def intend(world: World, sender: Sender, rules: Rules) -> Iterator[Move]:
    # The commit may fail, and then the sender knows that nothing of it can leave.
    yield world, sender._replace(doing=Doing.UNSTARTED)
    needed = REQUEST if rules.the_lease_outlives_the_request else 0
    if not is_held(world, sender, needed) or (world.state, world.row_epoch) != ("claimed", sender.epoch):
        yield world, Sender(Doing.HOLDING, sender.epoch)
        return
    durable = world._replace(state="sending")
    yield durable, sender._replace(doing=Doing.READY, is_durable=True)
    # It may also be done without the sender hearing of it.
    yield durable, sender._replace(doing=Doing.UNSTARTED, is_durable=True)


def start(world: World, sender: Sender, rules: Rules) -> Iterator[Move]:
    if sender.until < 0 and rules.a_late_intent_is_not_started:
        yield world, sender._replace(doing=Doing.UNSTARTED)
        return
    left = world._replace(
        air=(*world.air, (sender.epoch, REQUEST)),
        stale_start=world.stale_start or sender.epoch < world.epoch,
    )
    flying = sender._replace(doing=Doing.FLYING)
    yield left._replace(taken=world.taken + 1), flying
    # Meta may fail before it has taken it; the sender cannot tell.
    yield left, flying


def answer(world: World, sender: Sender, _: Rules) -> Iterator[Move]:
    landed = world._replace(air=tuple(request for request in world.air if request[0] != sender.epoch))
    if landed != world and world.taken:
        yield landed, sender._replace(doing=Doing.TAKEN)
    yield landed, sender._replace(doing=Doing.DOUBTING)


def record(world: World, sender: Sender, rules: Rules) -> Iterator[Move]:
    after = recorded(world, sender, rules)
    yield after, Sender(Doing.HOLDING, sender.epoch)
    # Done without the sender hearing of it: it will write it down again.
    yield after, sender


def recorded(world: World, sender: Sender, rules: Rules) -> World:
    ours = world.row_epoch == sender.epoch or not rules.a_stale_record_changes_nothing
    if not sender.is_durable:
        return world  # there is no attempt with this token
    if sender.doing == Doing.TAKEN:
        return world._replace(state="accepted") if world.state in UNSETTLED else world
    if sender.doing == Doing.DOUBTING:
        return world._replace(state="in_doubt") if world.state == "sending" and ours else world
    return world._replace(state="queued") if world.state in UNSETTLED and ours else world


def is_held(world: World, sender: Sender, needed: int = 0) -> bool:
    return world.epoch == sender.epoch and world.left > needed


MOVES: Final = {
    Doing.NOTHING: acquire,
    Doing.HOLDING: hold,
    Doing.ASKING: intend,
    Doing.READY: start,
    Doing.FLYING: answer,
    Doing.TAKEN: record,
    Doing.DOUBTING: record,
    Doing.UNSTARTED: record,
}


@pytest.mark.parametrize("senders", sized([2], full=[2, 3]))
def it_never_has_two_owners_in_the_air_posts_no_stale_intent_and_sends_nothing_twice(senders: int) -> None:
    states, found = visit(Rules(), senders)

    assert found == ""
    assert states > 10_000


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (Rules(a_new_owner_waits=False), "an old owner's request in the air under a new one"),
        (Rules(the_lease_outlives_the_request=False), "an old owner's request in the air under a new one"),
        (Rules(a_late_intent_is_not_started=False), "an old owner's request in the air under a new one"),
        (Rules(a_stale_record_changes_nothing=False), "sent twice"),
        (Rules(what_was_intended_is_in_doubt=False), "sent twice"),
    ],
    ids=lambda value: (
        str(value).partition("=False")[0].rpartition(" ")[2] if isinstance(value, Rules) else ""
    ),
)
def it_needs_each_of_its_rules(rules: Rules, expected: str) -> None:
    assert visit(rules)[1] == expected


@pytest.mark.parametrize(("path", "says"), MIRRORS, ids=[f"{path}: {says[:40]}" for path, says in MIRRORS])
def it_is_a_model_of_what_the_code_says(path: str, says: str) -> None:
    text = (HOUSE / path).read_text("utf-8")

    assert " ".join(says.split()) in " ".join(text.split())
