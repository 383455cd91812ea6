import pytest

from difusio.common.plain_words import plain_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("¡No m'envieu MÉS!", "no menvieu mes"),
        ("  Cancel·lar\n la   subscripció ", "cancellar la subscripcio"),
        ("Doneu-me de baixa.", "doneu me de baixa"),
        ("don’t", "dont"),
        ("🛑 STOP ✋🏽", "stop"),
        ("Ｓｔｏｐ", "stop"),
        ("रोकें!", "रोकें"),
        ("…", ""),
    ],
)
def it_gives_the_bare_words(text: str, words: str) -> None:
    assert plain_words(text) == words
