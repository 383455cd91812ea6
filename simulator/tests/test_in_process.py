"""The three ways to use it besides the command: as an object, in a thread, as a fixture."""

import asyncio
import socket

import pytest
from whatsapp_simulator.running import RunningSimulator
from whatsapp_simulator.scenario import PersonFacts, Scenario
from whatsapp_simulator.simulator import PortTakenError, Simulator

pytest_plugins = ["pytester"]


def it_runs_inside_an_event_loop() -> None:
    async def story() -> tuple[str, int]:
        async with Simulator(Scenario(people=(PersonFacts(phone="+34600000001"),))) as simulator:
            return simulator.url, len(simulator.world.population)

    url, people = asyncio.run(story())

    assert url.startswith("http://127.0.0.1:")
    assert people == 1


def it_tells_an_address_of_version_6_in_brackets() -> None:
    async def story() -> str:
        async with Simulator(host="::1") as simulator:
            return simulator.url

    if not socket.has_ipv6:
        pytest.skip("This machine has no addresses of version 6.")
    assert asyncio.run(story()).startswith("http://[::1]:")


def it_gives_its_port_back_when_it_ends() -> None:
    with RunningSimulator() as simulator:
        port = int(simulator.url.rsplit(":", 1)[1])

    with RunningSimulator(port=port) as again:
        assert again.control("GET", "health")["status"] == "ok"


def it_says_that_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTakenError):
        RunningSimulator(port=other.getsockname()[1]).__enter__()


def it_runs_beside_others() -> None:
    with RunningSimulator(Scenario(seed=1)) as first, RunningSimulator(Scenario(seed=2)) as second:
        seeds = [simulator.control("GET", "health")["seed"] for simulator in (first, second)]

    assert seeds == [1, 2]


def it_comes_as_a_fixture_that_a_conftest_can_set_up(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        from whatsapp_simulator.scenario import Scenario

        @pytest.fixture
        def whatsapp_simulator_scenario():
            return Scenario(seed=99)
        """
    )
    pytester.makepyfile(
        test_fixture="""
        def test_it(whatsapp_simulator, whatsapp_receiver):
            assert whatsapp_simulator.control("GET", "health")["seed"] == 99
            assert whatsapp_receiver.webhooks == []
        """
    )

    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:django").assert_outcomes(passed=1)
