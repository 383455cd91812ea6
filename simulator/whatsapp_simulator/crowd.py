"""A crowd out of the seed: people of several countries with the languages spoken there, met before anybody writes."""

from collections.abc import Iterator, Mapping

from whatsapp_simulator.countries import calling_code_of
from whatsapp_simulator.dice import side, throw
from whatsapp_simulator.people import Person, Population
from whatsapp_simulator.scenario import Crowd, PersonFacts, ScenarioError
from whatsapp_simulator.words import LANGUAGES, NAMES_IN

# How mobile numbers begin, and how many digits follow: as much as a simulator needs.
# Source: national numbering plans, general knowledge.
_MOBILES: dict[str, tuple[str, int]] = {
    "AD": ("376690", 6), "AT": ("43664", 7), "BR": ("55119", 8), "CH": ("4179", 7), "DE": ("49151", 8),
    "EG": ("2010", 8), "ES": ("346", 8), "FR": ("336", 8), "GB": ("447", 9), "IE": ("35387", 7),
    "IN": ("9198", 8), "IT": ("3933", 8), "JP": ("8190", 8), "KR": ("8210", 8), "MA": ("2126", 8), "MX": ("5255", 8),
    "PT": ("3519", 8), "RO": ("407", 8), "SA": ("9665", 8), "UA": ("38067", 7), "US": ("1212", 7),
}  # fmt: skip
_OTHERWISE_DIGITS = 8
# After an area code of the United States comes neither 0 nor 1.
_LOWEST = {"US": 2_000_000}
_MOST_TRIES = 100
# Shares of the languages in which people write to a shop; roughly, after the countries' own surveys.
_SPOKEN: dict[str, dict[str, float]] = {
    "AD": {"ca": 0.5, "es": 0.35, "fr": 0.15}, "AE": {"ar": 0.5, "en": 0.5}, "AT": {"de": 1}, "BR": {"pt": 1},
    "CH": {"de": 0.65, "fr": 0.25, "it": 0.1}, "DE": {"de": 1}, "EG": {"ar": 1},
    "ES": {"es": 0.68, "ca": 0.22, "gl": 0.06, "eu": 0.04}, "FR": {"fr": 1}, "IT": {"it": 1},
    "MA": {"ar": 0.7, "fr": 0.3}, "MD": {"ro": 1}, "MX": {"es": 1}, "PT": {"pt": 1}, "RO": {"ro": 1},
    "SA": {"ar": 1}, "UA": {"uk": 1},
}  # fmt: skip
_COUNTRY, _LANGUAGE, _PHONE, _HIDDEN, _NAME = range(5)
_USER_ID_DIGITS = 20


def gather(population: Population, crowd: Crowd, *, seed: int) -> list[Person]:
    """Let a crowd come into being; the same seed and crowd bring the same people.

    Raises ScenarioError for a country without calling code, one without so many numbers, or a language nobody
    writes here; then nobody came.
    """
    for country, spoken in crowd.languages.items():
        unknown = set(spoken) - set(LANGUAGES)
        if unknown:
            raise ScenarioError(
                f"Nobody in {country} writes {min(unknown)}: there is {', '.join(LANGUAGES)}.",
                path=f"$.crowd.languages.{country}",
            )
    for country in crowd.countries:
        if country not in _MOBILES and not calling_code_of(country):
            raise ScenarioError(
                f"`countries`: {country} has no calling code that is known here.",
                path=f"$.crowd.countries.{country}",
            )
    return population.add(_facts(population, crowd, seed))


def _facts(population: Population, crowd: Crowd, seed: int) -> Iterator[PersonFacts]:
    taken: set[str] = set()
    for number in range(crowd.size):
        dice = throw(seed, "crowd", number)
        country = _drawn(crowd.countries, side(dice, _COUNTRY))
        spoken = crowd.languages.get(country) or _SPOKEN.get(country) or {"en": 1.0}
        language = _drawn(spoken, side(dice, _LANGUAGE))
        names = NAMES_IN[language]
        name = names[int(side(dice, _NAME) * len(names))]
        write = _user_id if side(dice, _HIDDEN) < crowd.without_phone else _phone
        again, address = 0, write(country, dice)
        while address in taken or population.find(address) is not None:
            again += 1
            if again > _MOST_TRIES:
                raise ScenarioError(
                    f"There are not enough numbers in {country} for so many people: make the crowd smaller, or "
                    "share it among more countries.",
                    path="$.crowd.size",
                )
            address = write(country, throw(seed, "crowd", number, again))
        taken.add(address)
        told = {"user_id": address} if write is _user_id else {"phone": address}
        yield PersonFacts(name=name, language=language, **told)  # type: ignore[arg-type] # one of LANGUAGES


def _user_id(country: str, dice: bytes) -> str:
    return f"{country}.{int.from_bytes(dice[-8:], 'big'):0{_USER_ID_DIGITS}d}"


def _phone(country: str, dice: bytes) -> str:
    start, digits = _MOBILES.get(country, (calling_code_of(country) + "6", _OTHERWISE_DIGITS))
    lowest = _LOWEST.get(country, 0)
    return f"+{start}{lowest + int(side(dice, _PHONE) * (10**digits - lowest)):0{digits}d}"


def _drawn(shares: Mapping[str, float], chance: float) -> str:
    """Draw a name by its share; shares need not add up to one."""
    left = chance * sum(shares.values())
    for name, share in shares.items():
        left -= share
        if left < 0:
            return name
    return list(shares)[-1]
