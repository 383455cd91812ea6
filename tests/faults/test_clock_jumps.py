"""Somebody sets the machine's clock an hour on, or back, in the middle of a campaign."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.stage import Platform, epoch_of, phones_in
from tests.processes import wait_until
from tests.size import sized

PEOPLE = sized(240, full=4_000)
WITH_A_WALL_CLOCK = ("send", "drain", "clock")
HOUR_S = 3_600


@pytest.fixture
def set_clocks(platform: Platform, tmp_path: Path) -> Iterator[Callable[[float], None]]:
    """Start the engines anew with clocks that can be set; afterwards they end."""
    wrong_by = tmp_path / "wrong-by"

    def set_by(seconds: float) -> None:
        new = wrong_by.with_suffix(".new")
        new.write_text(str(seconds), "utf-8")
        new.replace(wrong_by)

    set_by(0)
    for name in WITH_A_WALL_CLOCK:
        platform.the(name).end()
        platform.start(name, through=("tests.faults.jumping_clock", str(wrong_by)))
    yield set_by
    for name in WITH_A_WALL_CLOCK:
        platform.the(name).end()


@pytest.mark.parametrize("hours", [1, -1], ids=["on", "back"])
def it_loses_nobody_and_repeats_nobody_when_the_clock_is_set(
    platform: Platform, set_clocks: Callable[[float], None], hours: int
) -> None:
    ona = platform.shop()
    phones = platform.crowd(ona, PEOPLE)
    number = {"phone_number_id": ona.number.phone_number_id}
    platform.faults({"kind": "lose_answer", "addresses": phones[::20], **number})
    campaign = platform.launch(ona)
    platform.wait_for_accepted(ona, 60)

    set_clocks(hours * HOUR_S)
    if hours > 0:
        platform.wait_for_accepted(ona, 160)
    else:
        # By that clock nothing is due yet: whatever is wrong, it waits rather than hurries.
        set_at = time.monotonic()
        wait_until(lambda: time.monotonic() > set_at + 2, "it was wrong for a while")
    set_clocks(0)
    platform.settle(ona)

    # The lease is kept in the store's time: the number never changed hands.
    assert epoch_of(ona) == 1
    assert phones_in(ona, "parked") == set()
    platform.check(ona, campaign)
