"""Every text stands out from its ground, in light and in dark (WCAG 2.2, 1.4.3: at least 4.5 to 1)."""

import re

import pytest

from tools.extract_messages import HOUSE

_TOKENS = (HOUSE / "console/static/console/css/tokens.css").read_text("utf-8")
_COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
LIGHT, DARK = (dict(_COLOUR.findall(part)) for part in _TOKENS.split("prefers-color-scheme: dark"))
_SRGB_KNEE = 0.04045

# Text and the ground on which it stands somewhere.
PAIRS = [
    *((text, ground) for text in ("ink", "ink-quiet") for ground in ("ground", "sheet", "sunken")),
    *((text, ground) for text in ("green", "accent", "alarm") for ground in ("ground", "sheet")),
    *((text, "bubble") for text in ("ink", "ink-quiet", "green")),
    ("accent-ink", "accent"),
    ("ink", "alarm-ground"),
]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= _SRGB_KNEE else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def it_can_be_read(scheme: dict[str, str], text: str, ground: str) -> None:
    darker, lighter = sorted((_luminance(scheme[text]), _luminance(scheme[ground])))

    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def it_has_every_colour_in_both_schemes() -> None:
    assert set(LIGHT) == set(DARK)
