"""A crowd: as many as asked for, from where they were asked for, speaking what is spoken there."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator import crowd
from whatsapp_simulator.running import ControlError, Reply, RunningSimulator
from whatsapp_simulator.scenario import Crowd
from whatsapp_simulator.words import LANGUAGES, LEAVING, NAMES_IN, REPLIES, means_leaving

Sender = Callable[..., Reply]
Starter = Callable[..., RunningSimulator]

MIXED = Crowd(size=600, countries={"ES": 0.5, "DE": 0.25, "UA": 0.25}, without_phone=0.1)


def _people(simulator: RunningSimulator) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = simulator.control("GET", "people?limit=10000")["data"]
    return listed


def it_brings_people_by_country_and_language(start: Starter) -> None:
    people = _people(start(crowd=MIXED))

    countries = Counter(person["country"] for person in people)
    spanish = Counter(person["language"] for person in people if person["country"] == "ES")
    assert len(people) == 600
    assert set(countries) == {"ES", "DE", "UA"}
    assert 250 < countries["ES"] < 350
    assert {person["language"] for person in people if person["country"] == "UA"} == {"uk"}
    assert set(spanish) == {"es", "ca", "gl", "eu"}
    assert spanish["es"] > spanish["ca"] > spanish["gl"] > 0
    assert 30 < sum(person["phone"] is None for person in people) < 90


def it_brings_the_same_people_for_the_same_seed(start: Starter) -> None:
    first, second, other = (_people(start(crowd=MIXED, seed=seed)) for seed in (7, 7, 8))

    assert first == second
    assert first != other


def it_brings_other_people_when_asked_again(simulator: RunningSimulator) -> None:
    half_hidden = {
        "size": 50, "countries": {"FR": 1}, "languages": {"FR": {"ar": 1}}, "without_phone": 0.5
    }  # fmt: skip

    told = [simulator.control("POST", "crowd", half_hidden) for _ in range(2)]

    assert [answer["total"] for answer in told] == [50, 100]
    assert {person["language"] for person in _people(simulator)} == {"ar"}


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"size": 1, "countries": {"QQ": 1}}, "`countries`: QQ has no calling code that is known here."),
        ({"size": 1, "countries": {"FR": 1}, "languages": {"FR": {"oc": 1}}}, "Nobody in FR writes oc"),
        ({"size": 0, "countries": {"FR": 1}}, "`$.size`"),
        ({"size": 1, "countries": {}}, "`$.countries`"),
    ],
)
def it_says_what_is_wrong_with_a_crowd(
    simulator: RunningSimulator, told: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ControlError) as refusal:
        simulator.control("POST", "crowd", told)

    assert sentence in str(refusal.value)


@pytest.mark.parametrize("country", ["US", "AD"])
def it_finds_numbers_for_many_people_of_one_country(simulator: RunningSimulator, country: str) -> None:
    simulator.control("POST", "crowd", {"size": 10_000, "countries": {country: 1}})

    people = _people(simulator)
    assert len({person["phone"] for person in people}) == 10_000
    assert {person["country"] for person in people} == {country}


def it_says_when_a_country_has_no_numbers_left(
    simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(crowd._MOBILES, "AD", ("376690", 1))

    with pytest.raises(ControlError, match="not enough numbers in AD"):
        simulator.control("POST", "crowd", {"size": 11, "countries": {"AD": 1}})

    assert _people(simulator) == []


@pytest.mark.parametrize("language", LANGUAGES)
def it_knows_the_words_of_every_language(language: str) -> None:
    assert all(map(means_leaving, LEAVING[language]))
    assert not any(map(means_leaving, REPLIES[language]))
    assert len(set(REPLIES[language])) == 6
    assert len(NAMES_IN[language]) >= 4


def it_lets_people_answer_in_their_language(start: Starter, send: Sender) -> None:
    simulator = start(
        crowd=Crowd(size=20, countries={"UA": 1}), habits={"reads": 1, "replies": 1, "reply_s": (1, 2)}
    )
    for person in _people(simulator):
        send(simulator, person["phone"])

    simulator.advance(86_400)

    written = {row["text"] for row in simulator.control("GET", "inbound")["data"]}
    assert written <= set(REPLIES["uk"])
    assert len(written) > 2
