"""Reading what strangers write: numbers without an end, and bytes that are no text."""

HIGHEST = 2**53
"""Above it JSON numbers are not whole any more for everybody who reads them."""

# Python reads no number of more than 4,300 digits, and none that means anything here has as many as this.
_MOST_DIGITS = 20


def whole(written: object, *, most: int = HIGHEST) -> int | None:
    """Read a whole number from 0 up, as JSON or in digits; None if it is none, or above `most`."""
    if isinstance(written, str):
        if not written.isdecimal() or len(written) > _MOST_DIGITS:
            return None
        written = int(written)
    if not isinstance(written, int) or isinstance(written, bool) or not 0 <= written <= most:
        return None
    return written


def are_degrees(written: object, *, most: int) -> bool:
    """Tell whether something is a number from -most to most, as JSON or in a text."""
    if not isinstance(written, str | int | float) or isinstance(written, bool):
        return False
    try:
        return -most <= float(written) <= most
    except (ValueError, OverflowError):
        return False


def legible(text: str) -> str:
    """Put a mark for each byte of a header or an address that was no UTF-8, so that the rest can be told."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
