from hypothesis import given
from hypothesis import strategies as st

from difusio.cloud_api.values import ValueFault, faults, fitted


def it_leaves_ordinary_text_as_it_is() -> None:
    text = "Núria & Søn's «3 for 2»: {{7*7}} 👍🏽 שלום"

    assert fitted(text) is text
    assert faults(text) == frozenset()


def it_turns_line_breaks_and_tabs_into_one_space() -> None:
    text = "one\r\n\ttwo \n three\u2028four"

    assert fitted(text) == "one two three four"
    assert faults(text) == {ValueFault.LINE_BREAK}


def it_closes_gaps_of_more_than_four_spaces() -> None:
    assert fitted("a    b") == "a    b"
    assert fitted("a     b") == "a b"
    assert faults("a     b") == {ValueFault.LONG_GAP}


def it_takes_out_what_is_not_text() -> None:
    assert fitted("a\x00b\x1bc\ud800") == "abc\ufffd"
    assert faults("a\x00b\ud800") == {ValueFault.CONTROL_CHARACTER}


def it_names_a_value_of_which_nothing_is_left() -> None:
    assert fitted(" \n ") == ""
    assert faults("") == {ValueFault.EMPTY}
    assert faults("\n") == {ValueFault.EMPTY, ValueFault.LINE_BREAK}


@given(st.text(st.characters()))
def it_always_ends_with_text_meta_takes(text: str) -> None:
    fit = fitted(text)

    assert fitted(fit) == fit
    assert not faults(fit) - {ValueFault.EMPTY}
    fit.encode("utf-8")
