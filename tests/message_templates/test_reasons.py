import pytest
from django.utils.translation import override

from difusio.message_templates.reasons import reason_sentence


def it_says_metas_reason_in_the_reader_s_language_with_the_word_behind_it() -> None:
    with override("ca"):
        assert reason_sentence("SCAM") == "Meta pren el text per una estafa. (SCAM)"


def it_keeps_a_word_that_meta_invents_tomorrow() -> None:
    assert reason_sentence("MOON_PHASE") == "MOON_PHASE"


@pytest.mark.parametrize("reason", ["", "NONE", "UNPAUSE"])
def it_says_nothing_where_the_state_says_it_all(reason: str) -> None:
    assert reason_sentence(reason) == ""
