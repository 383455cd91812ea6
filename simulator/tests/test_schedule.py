"""What waits for its simulated time happens then, also while the clock stands still."""

import asyncio
from contextlib import suppress

from whatsapp_simulator.clock import Clock
from whatsapp_simulator.schedule import Schedule


def it_plays_what_falls_due_now_while_the_clock_stands_still() -> None:
    assert asyncio.run(_played_at_noon(rate=0.0)) == ["now"]


def it_plays_what_falls_due_now_while_the_clock_runs() -> None:
    assert asyncio.run(_played_at_noon(rate=1.0)) == ["now"]


async def _played_at_noon(*, rate: float) -> list[str]:
    clock, played, done = Clock(start=43_200.0, rate=rate), list[str](), asyncio.Event()
    schedule = Schedule(clock)

    def act(_due: float, name: str) -> None:
        played.append(name)
        done.set()

    schedule.at(86_400.0, act, "tomorrow")
    running = asyncio.create_task(schedule.run())
    await asyncio.sleep(0.02)  # it looks, finds nothing due, and sleeps
    schedule.at(clock.now(), act, "now")
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), 5)
    running.cancel()
    return played
