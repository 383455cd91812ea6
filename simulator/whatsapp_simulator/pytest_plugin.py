"""Fixtures for pytest: a running simulator and a receiver of its webhooks.

Everything is imported late, because pytest loads this module in every run where the package is installed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from whatsapp_simulator.receiver import Receiver
    from whatsapp_simulator.running import RunningSimulator
    from whatsapp_simulator.scenario import Scenario


@pytest.fixture
def whatsapp_simulator_scenario() -> "Scenario":
    """What the simulator of a test starts with; override it in a conftest."""
    from whatsapp_simulator.scenario import Scenario

    return Scenario()


@pytest.fixture
def whatsapp_simulator(whatsapp_simulator_scenario: "Scenario") -> Iterator["RunningSimulator"]:
    """Run a simulator on a free port while the test lasts."""
    from whatsapp_simulator.running import RunningSimulator

    with RunningSimulator(whatsapp_simulator_scenario) as simulator:
        yield simulator


@pytest.fixture
def whatsapp_receiver() -> Iterator["Receiver"]:
    """Run a receiver of webhooks that answers 200 and keeps what came."""
    from whatsapp_simulator.receiver import Receiver

    with Receiver() as receiver:
        yield receiver
