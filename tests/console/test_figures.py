"""Numbers as the reader writes them."""

import pytest
from django.utils import translation

from difusio.console.templatetags.figures import figure, share_of, width


@pytest.mark.parametrize(
    ("language", "written"), [("en", "1,234,567"), ("ca", "1.234.567"), ("es", "1.234.567")]
)
def it_parts_the_thousands_as_each_language_does(language: str, written: str) -> None:
    with translation.override(language):
        assert figure(1_234_567) == written


@pytest.mark.parametrize(
    ("n", "of", "share"),
    [
        (0, 10, "0 %"),
        (1, 1000, "< 1 %"),
        (1, 40, "3 %"),
        (412, 1180, "35 %"),
        (999, 1000, "99 %"),
        (1000, 1000, "100 %"),
        (3, 0, ""),
        (3, None, ""),
    ],
)
def it_writes_shares_that_neither_hide_nor_promise(n: int, of: int | None, share: str) -> None:
    assert share_of(n, of).replace("\u00a0", " ") == share


def it_keeps_a_bar_within_its_track_whatever_the_language() -> None:
    with translation.override("ca"):
        assert width(1, 3) == "33.3%"
    assert width(4, 3) == "100.0%"
    assert width(4, 0) == "0%"
