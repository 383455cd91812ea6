"""What goes wrong on purpose: which fault meets which request, decided so that a run can be repeated."""

from collections import Counter
from collections.abc import Iterable

from whatsapp_simulator.dice import side, throw
from whatsapp_simulator.graph.errors import ERRORS
from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import Fault, ScenarioError

_WANTS = {
    "refuse": {"code", "http_status"},
    "error_before": {"code", "http_status"},
    "error_after": {"code", "http_status"},
    "lose_answer": set(),
    "slow": {"seconds"},
    "withhold_status": {"statuses"},
    "receiver_down": set(),
    "receiver_deaf": set(),
}
_MUST_HAVE = {"refuse": "code", "slow": "seconds"}
_WITHOUT_PERSON = frozenset({"receiver_down", "receiver_deaf"})


class FaultBox:
    """The faults in force, with how often each has struck."""

    def __init__(self, *, seed: int, faults: Iterable[Fault] = ()) -> None:
        self._seed = seed
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

    def listed(self) -> list[tuple[Fault, int]]:
        """List the faults in force, each with how often it has struck."""
        return list(zip(self._faults, self._struck, strict=True))

    def strikes(self, kind: str, *, person: Person | None = None, phone_number_id: str = "") -> Fault | None:
        """Tell which fault of a kind meets this case, and count it."""
        if kind not in self._kinds:
            return None
        for index, fault in enumerate(self._faults):
            if fault.kind != kind or (fault.times is not None and self._struck[index] >= fault.times):
                continue
            if fault.phone_number_id and fault.phone_number_id != phone_number_id:
                continue
            if fault.addresses and (person is None or not _is_meant(fault.addresses, person)):
                continue
            self._asked[index] += 1
            if side(throw(self._seed, "fault", index, kind, self._asked[index]), 0) < fault.rate:
                self._struck[index] += 1
                self.by_kind[kind] += 1
                return fault
        return None


def _check(fault: Fault, position: int) -> None:
    where = f"Fault {position} ({fault.kind})"
    needed = _MUST_HAVE.get(fault.kind)
    if needed and getattr(fault, needed) is None:
        raise ScenarioError(f"{where}: `{needed}` is needed.")
    for name in ("code", "http_status", "seconds", "statuses"):
        if getattr(fault, name) not in (None, ()) and name not in _WANTS[fault.kind]:
            raise ScenarioError(f"{where}: `{name}` has no meaning for this kind.")
    if fault.code is not None and fault.code not in ERRORS:
        raise ScenarioError(f"{where}: {fault.code} is not a documented error code.")
    if fault.addresses and fault.kind in _WITHOUT_PERSON:
        raise ScenarioError(f"{where}: `addresses` has no meaning for this kind.")


def _is_meant(addresses: tuple[str, ...], person: Person) -> bool:
    known = {person.key, person.user_id}
    if person.phone:
        known |= {person.phone, "+" + person.phone}
    return not known.isdisjoint(addresses)
