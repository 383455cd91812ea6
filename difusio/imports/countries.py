"""Countries as files name them, made into ISO 3166 codes."""

from functools import cache, lru_cache
from typing import Final

from difusio.imports.columns import plain

_LANGUAGES: Final = ("en", "es", "ca")
# What shops write besides the names of the Unicode CLDR; "" are places of no one country.
_MORE: Final = {
    "EIRE": "IE",
    "Republic of Ireland": "IE",
    "USA": "US",
    "United States of America": "US",
    "EEUU": "US",
    "EUA": "US",
    "UK": "GB",
    "Great Britain": "GB",
    "England": "GB",
    "Scotland": "GB",
    "Wales": "GB",
    "Inglaterra": "GB",
    "Gran Bretaña": "GB",
    "RSA": "ZA",
    "UAE": "AE",
    "Czech Republic": "CZ",
    "República Checa": "CZ",
    "Holland": "NL",
    "Holanda": "NL",
    "Hong Kong": "HK",
    "Channel Islands": "",
    "European Community": "",
    "Unspecified": "",
}


@lru_cache(maxsize=1_000)
def country_code(text: str) -> str | None:
    """Give the ISO code of a name or code; "" for places of no one country, None for what we do not know."""
    if not text:
        return ""
    return _codes().get(plain(text))


@cache
def _codes() -> dict[str, str]:
    # The names come with phonenumbers (Unicode CLDR); loaded late, because few processes import files.
    from phonenumbers.geodata.locale import LOCALE_DATA

    codes: dict[str, str] = {}
    for code, names in LOCALE_DATA.items():
        codes[plain(code)] = code
        for language in _LANGUAGES:
            name = names.get(language, "")
            # An entry that begins with a star points at another language's name.
            name = names.get(name[1:], "") if name.startswith("*") else name
            if name:
                codes[plain(name)] = code
    return codes | {plain(name): code for name, code in _MORE.items()}
