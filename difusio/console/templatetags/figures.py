"""Numbers as the reader writes them."""

from django import template
from django.utils import formats

register = template.Library()

_WHOLE = 100
# Between a number and its unit: a space at which no line breaks.
_NBSP = "\u00a0"


@register.filter
def figure(n: int) -> str:
    """Write a whole number with the thousands parted: 1,180 or 1.180."""
    return formats.number_format(n, decimal_pos=0, use_l10n=True, force_grouping=True)


@register.filter
def share_of(n: int, of: int | None) -> str:
    """Write a share in per cent.  Neither "0 %" where there is something nor "100 %" where something lacks."""
    if not of:
        return ""
    if 0 < n * _WHOLE < of:
        return f"<{_NBSP}1{_NBSP}%"
    percent = round(n * _WHOLE / of)
    if n < of:
        percent = min(percent, _WHOLE - 1)
    return f"{percent}{_NBSP}%"


@register.filter
def width(n: int, of: int | None) -> str:
    """Give the width of a bar for an SVG attribute; no inline style passes our content security policy."""
    return f"{min(1.0, n / of) * _WHOLE:.1f}%" if of else "0%"
