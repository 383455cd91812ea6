"""What goes wrong on purpose: which fault meets which request, decided so that a run can be repeated."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from whatsapp_simulator.dice import side, throw
from whatsapp_simulator.graph.errors import ERRORS
from whatsapp_simulator.limits import Throughput
from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import Fault, ScenarioError

WANTS = {
    "refuse": {"code", "http_status"},
    "error_before": {"calls", "code", "http_status"},
    "error_after": {"calls", "code", "http_status"},
    "lose_answer": {"calls"},
    "slow": {"calls", "seconds"},
    "withhold_status": {"statuses"},
    "receiver_down": set(),
    "receiver_deaf": set(),
    "fail_later": {"code"},
    "close_connection": set(),
    "outage": {"code", "http_status", "seconds"},
    "expired_token": set(),
    "throttle": {"per_second"},
    "pause_template": {"template"},
    "rate_template": {"template", "score"},
    "rate_number": {"score"},
    "ban": set(),
}
MUST_HAVE = {
    "refuse": {"code"},
    "slow": {"seconds"},
    "fail_later": {"code"},
    "throttle": {"per_second"},
    "pause_template": {"template"},
    "rate_template": {"template", "score"},
    "rate_number": {"score"},
}
_OF_EVERY_CALL = frozenset({"close_connection", "outage", "expired_token", "throttle"})
_OF_ANY_CALL = frozenset({"error_before", "error_after", "lose_answer", "slow"})
# What Meta does by itself at a moment of the simulated clock, and not to a call or a message.
_DEEDS = frozenset({"pause_template", "rate_template", "rate_number", "ban"})
_WITHOUT_PERSON = _OF_EVERY_CALL | _DEEDS | {"receiver_down", "receiver_deaf"}
# What each kind does, in a sentence for the reference.
DOES = {
    "refuse": "any documented code at once, not accepted",
    "error_before": "131000 with HTTP 500, not accepted",
    "error_after": "the same, but accepted",
    "lose_answer": "accepted, then the connection is closed",
    "slow": "accepted, the answer waits so many real seconds",
    "withhold_status": "the statuses of a message never come",
    "fail_later": "accepted, then failed by webhook with the code",
    "close_connection": "every call: the connection is closed before anything is read",
    "outage": "every call: HTTP 503 with code 2, or what is told; with `seconds`: silence so long, then the "
    "connection is closed",
    "expired_token": "every call: 190 with subcode 463",
    "throttle": "sends above the rate are refused with 130429, whatever the number's `mps`",
    "receiver_down": "webhooks do not arrive and are tried again",
    "receiver_deaf": "webhooks arrive, their 200 is not heard, and they come again",
    "pause_template": "at `from`: the template is paused, as after low quality",
    "rate_template": "at `from`: the template gets another score; RED pauses it",
    "rate_number": "at `from`: the number, or all of them, has another quality",
    "ban": "at `from`: the account is banned; at `until` it is reinstated",
}


class FaultBox:
    """The faults in force, with how often each has struck."""

    def __init__(
        self, *, seed: int, faults: Iterable[Fault] = (), now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seed = seed
        self._clocks: dict[str, Callable[[], float]] = {"simulated": now, "real": time.monotonic}
        self._faults: tuple[Fault, ...] = ()
        self._asked: list[int] = []
        self._struck: list[int] = []
        self._kinds: frozenset[str] = frozenset()
        self.by_kind: Counter[str] = Counter()
        self.replace(faults)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Put other faults in force; raises ScenarioError if a fault cannot work as told."""
        faults = tuple(faults)
        for position, fault in enumerate(faults):
            _check(fault, position)
        self._faults = faults
        self._asked = [0] * len(faults)
        self._struck = [0] * len(faults)
        self._kinds = frozenset(fault.kind for fault in faults)
        self.meet_calls = any(fault.kind in _OF_EVERY_CALL or fault.calls == "all" for fault in faults)
        """Whether a fault can meet other calls than sends, or a send before it is read."""
        self._since = {name: now() for name, now in self._clocks.items()}
        self._buckets: dict[tuple[int, str], Throughput] = {}

    def deeds(self) -> list[Fault]:
        """List the faults that happen once, by themselves, `from` so many simulated seconds."""
        return [fault for fault in self._faults if fault.kind in _DEEDS]

    def count(self, deed: Fault) -> None:
        """Count one that has happened."""
        self._struck[next(index for index, fault in enumerate(self._faults) if fault is deed)] += 1
        self.by_kind[deed.kind] += 1

    def listed(self) -> list[tuple[Fault, int]]:
        """List the faults in force, each with how often it has struck."""
        return list(zip(self._faults, self._struck, strict=True))

    def strikes(
        self, kind: str, *, person: Person | None = None, phone_number_id: str = "", is_send: bool = True
    ) -> Fault | None:
        """Tell which fault of a kind meets this case, and count it; is_send: it is no other call."""
        if kind not in self._kinds:
            return None
        for index, fault in enumerate(self._faults):
            if fault.kind != kind or (fault.times is not None and self._struck[index] >= fault.times):
                continue
            if not is_send and fault.calls != "all":
                continue
            if fault.phone_number_id and fault.phone_number_id != phone_number_id:
                continue
            if fault.addresses and (person is None or not _is_meant(fault.addresses, person)):
                continue
            if not self._is_in_force(fault):
                continue
            if fault.per_second is not None and self._has_room(index, fault.per_second, phone_number_id):
                continue
            self._asked[index] += 1
            if side(throw(self._seed, "fault", index, kind, self._asked[index]), 0) < fault.rate:
                self._struck[index] += 1
                self.by_kind[kind] += 1
                return fault
        return None

    def move(self, seconds: float) -> None:
        """Let so many real seconds not have been."""
        self._since["real"] += seconds
        for bucket in self._buckets.values():
            bucket.move(seconds)

    def _is_in_force(self, fault: Fault) -> bool:
        if fault.from_s is None and fault.until_s is None:
            return True
        passed = self._clocks[fault.clock]() - self._since[fault.clock]
        return (fault.from_s or 0.0) <= passed < (float("inf") if fault.until_s is None else fault.until_s)

    def _has_room(self, index: int, per_second: float, phone_number_id: str) -> bool:
        """Count a message against what a throttled number may still do."""
        bucket = self._buckets.get((index, phone_number_id))
        if bucket is None:
            bucket = self._buckets[index, phone_number_id] = Throughput(per_second=per_second, burst_s=1.0)
        has_room = bucket.has_room(time.monotonic())
        if has_room:
            bucket.take()
        return has_room


def _check(fault: Fault, position: int) -> None:
    where, path = f"Fault {position} ({fault.kind})", f"$.faults[{position}]"
    for needed in sorted(MUST_HAVE.get(fault.kind, ())):
        if getattr(fault, needed) is None:
            raise ScenarioError(f"{where}: `{needed}` is needed.", path=path)
    if fault.until_s is not None and fault.until_s <= (fault.from_s or 0.0):
        raise ScenarioError(f"{where}: `until` must come after `from`.", path=path)
    for name in sorted(_told(fault) - WANTS[fault.kind]):
        raise ScenarioError(f"{where}: `{name}` has no meaning for this kind.", path=path)
    if fault.code is not None and fault.code not in ERRORS:
        raise ScenarioError(f"{where}: {fault.code} is not a documented error code.", path=path)
    if fault.addresses and fault.kind in _WITHOUT_PERSON:
        raise ScenarioError(f"{where}: `addresses` has no meaning for this kind.", path=path)


def _told(fault: Fault) -> set[str]:
    """Name the members that were told and do not mean something for every kind."""
    told = {
        name
        for name in ("code", "http_status", "seconds", "statuses", "per_second", "template", "score")
        if getattr(fault, name) not in (None, ())
    }
    if fault.calls != "sends":
        told.add("calls")
    if fault.kind in _DEEDS:
        usual = Fault(kind=fault.kind)
        told |= {name for name in ("rate", "times", "clock") if getattr(fault, name) != getattr(usual, name)}
        if fault.kind != "ban" and fault.until_s is not None:
            told.add("until")
        if fault.kind != "rate_number" and fault.phone_number_id:
            told.add("phone_number_id")
    return told


def _is_meant(addresses: tuple[str, ...], person: Person) -> bool:
    known = {person.key, person.user_id}
    if person.phone:
        known |= {person.phone, "+" + person.phone}
    return not known.isdisjoint(addresses)
