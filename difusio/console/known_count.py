"""How many it concerns, known to whoever says yes: shown with the question, and typed where they are many."""

from typing import Final

TYPED_ABOVE: Final = 500


def is_count(text: str) -> bool:
    """Tell whether a form's field is a number of rows."""
    return text.isascii() and text.isdecimal() and len(text) < len(str(2**63))


def is_typed(count: int) -> bool:
    """Tell whether so many are only agreed to by typing how many they are."""
    return count > TYPED_ABOVE


def is_known(shown: int, *, typed: str) -> bool:
    """Tell whether whoever was shown ``shown`` said yes to so many, however they part thousands: 12.400, 12 400."""
    digits = "".join(letter for letter in typed if letter not in ".,' \u00a0\u202f")
    return not is_typed(shown) or digits == str(shown)
