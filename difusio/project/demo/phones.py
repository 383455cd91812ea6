"""Mobile numbers that look right and are made up.

No country keeps thousands of numbers free for stories, so these may belong to somebody: the demo's workspace must
never send through Meta's own servers, whoever asks it to.
Sources: the metadata of the phonenumbers package, against which a test holds this table.
"""

from dataclasses import dataclass, field
from typing import Final

from difusio.project.demo.dice import Dice

# Country → what every number begins with, and how many free digits follow.
_MOBILES: Final[dict[str, tuple[str, int]]] = {
    "AD": ("+3763", 5),
    "AE": ("+97150", 7),
    "AT": ("+436641", 6),
    "AU": ("+61412", 6),
    "BE": ("+32475", 6),
    "BH": ("+973360", 5),
    "BR": ("+5511987", 6),
    "CA": ("+1416555", 4),
    "CH": ("+4179", 7),
    "CY": ("+35799", 6),
    "CZ": ("+420601", 6),
    "DE": ("+491511", 7),
    "DK": ("+45201", 5),
    "ES": ("+346", 8),
    "FI": ("+358401", 6),
    "FR": ("+3361", 7),
    "GB": ("+447400", 6),
    "GR": ("+306944", 6),
    "HK": ("+85261", 6),
    "IE": ("+353851", 6),
    "IL": ("+972542", 6),
    "IS": ("+354691", 4),
    "IT": ("+39347", 7),
    "JP": ("+81901", 7),
    "LB": ("+96170", 6),
    "LT": ("+37061", 6),
    "MT": ("+35699", 6),
    "NL": ("+3161", 7),
    "NO": ("+4740", 6),
    "PL": ("+48601", 6),
    "PT": ("+35191", 7),
    "SA": ("+96650", 7),
    "SE": ("+4670", 7),
    "SG": ("+6591", 6),
    "US": ("+1917555", 4),
    "ZA": ("+2782", 7),
}
_OTHERS: Final = "ES"
COUNTRIES: Final = tuple(sorted(_MOBILES))


@dataclass(slots=True)
class Phones:
    """Hands out numbers, each once."""

    dice: Dice
    _given: set[str] = field(default_factory=set)

    def phone(self, country: str, customer: str) -> str:
        """Give a number in E.164; ``country`` an ISO code, unknown ones get a Spanish number."""
        start, digits = _MOBILES.get(country, _MOBILES[_OTHERS])
        number = self.dice.below(10**digits, customer, "phone")
        for _ in range(10**digits):
            phone = f"{start}{number:0{digits}}"
            if phone not in self._given:
                self._given.add(phone)
                return phone
            number = (number + 1) % 10**digits
        return self.phone(_OTHERS, customer)
