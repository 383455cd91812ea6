"""Phone numbers as people write them, made into E.164."""

from dataclasses import dataclass

import phonenumbers


class BadPhoneError(ValueError):
    """This is not a phone number that exists: write it with its country code, as +34 600 123 456."""


@dataclass(frozen=True, slots=True)
class Phone:
    """e164: with its plus.  country: ISO 3166 code, or "" for numbers of no country."""

    e164: str
    country: str


def parse_phone(text: str, *, country: str = "") -> Phone:
    """Read a number as written, with ``country`` (ISO code) for those without a country code.

    Raises BadPhoneError.
    """
    try:
        number = phonenumbers.parse(text.strip(), country.upper() or None)
    except phonenumbers.NumberParseException:
        raise BadPhoneError(BadPhoneError.__doc__) from None
    # The country is the dear part of the question, so it is asked for once; whatever is valid is possible too.
    country = phonenumbers.region_code_for_number(number) or ""
    if not phonenumbers.is_valid_number_for_region(number, country):
        raise BadPhoneError(BadPhoneError.__doc__)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164=e164, country=country)
