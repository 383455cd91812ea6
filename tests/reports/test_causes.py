"""Reasons and codes in plain words."""

from difusio.reports.causes import failure_sentence, skip_sentence


def it_shows_a_reason_without_words_as_it_stands() -> None:
    assert skip_sentence("moon_phase") == "moon_phase"


def it_has_a_sentence_for_codes_that_nobody_knows() -> None:
    assert failure_sentence("999999") == "Meta refused this message and gave a reason we do not know."
    assert failure_sentence("") == failure_sentence("999999")
    assert failure_sentence("²") == failure_sentence("999999")
