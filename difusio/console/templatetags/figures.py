"""Numbers as the reader writes them."""

from datetime import timedelta

from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.utils.translation import get_language

from difusio.console.durations import in_words

register = template.Library()

_WHOLE = 100
# Between a number and its unit: a space at which no line breaks.
_NBSP = "\u00a0"


@register.filter
def figure(n: int) -> str:
    """Write a whole number with the thousands parted: 1,180 in English, 1.180 in Catalan and Spanish."""
    return format_decimal(n, locale=get_language() or settings.LANGUAGE_CODE)


@register.filter
def share_of(n: int, of: int | None) -> str:
    """Write a share in per cent.  Neither "0 %" where there is something nor "100 %" where something lacks."""
    if not of:
        return ""
    if 0 < n * _WHOLE < of:
        return f"<{_NBSP}1{_NBSP}%"
    percent = (2 * n * _WHOLE + of) // (2 * of)
    if n < of:
        percent = min(percent, _WHOLE - 1)
    return f"{percent}{_NBSP}%"


@register.filter
def width(n: int, of: int | None) -> str:
    """Give the width of a bar for an SVG attribute; no inline style passes our content security policy."""
    return f"{min(1.0, n / of) * _WHOLE:.1f}%" if of else "0%"


@register.filter
def lasting(duration: timedelta) -> str:
    """Write how long something lasts: 3 h 20 min."""
    return in_words(duration)


@register.filter
def iso_lasting(duration: timedelta) -> str:
    """Write it for a machine, as the ``datetime`` of a ``<time>``: PT200M."""
    return f"PT{int(duration.total_seconds() // 60)}M"
