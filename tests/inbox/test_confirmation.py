import pytest

from difusio.inbox.confirmation import confirmation
from difusio.rules.leaving_words import LeavingKind
from difusio.rules.promotional_words import promotional_words

LANGUAGES = ["ca", "es", "en"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "ca",
            (
                "Fet: Llibreria Ona no t'enviarà més promocions per WhatsApp. "
                "Els avisos de servei, com els d'una comanda teva, no canvien."
            ),
        ),
        (
            "es_AR",
            (
                "Hecho: Llibreria Ona no te enviará más promociones por WhatsApp. "
                "Los avisos de servicio, como los de un pedido tuyo, no cambian."
            ),
        ),
        (
            "en-GB",
            (
                "Done: Llibreria Ona will send you no more promotions on WhatsApp. "
                "Service messages, such as those about an order of yours, do not change."
            ),
        ),
    ],
)
def it_says_in_the_persons_language_that_they_have_left(language: str, text: str) -> None:
    assert confirmation(language, business="Llibreria Ona") == text


@pytest.mark.parametrize("language", ["", "ja", "pt_BR"])
def it_speaks_english_to_everybody_else(language: str) -> None:
    assert confirmation(language, business="Ona").startswith("Done: Ona will send you no more promotions")


def it_says_that_everything_ends_when_everything_ends() -> None:
    assert (
        confirmation("ca", business="Ona", kind=LeavingKind.EVERYTHING)
        == "Fet: Ona no t'enviarà més missatges per WhatsApp."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [LeavingKind.ALL_MARKETING, LeavingKind.EVERYTHING])
def it_neither_promotes_nor_asks_nor_links(language: str, kind: LeavingKind) -> None:
    text = confirmation(language, business="Ona", kind=kind)

    assert "?" not in text
    assert "http" not in text
    # The one word of advertising is the one that says what has ended.
    assert set(promotional_words(text).strong) <= {"promocions", "promociones", "promotions"}


def it_takes_the_businesss_name_as_text() -> None:
    assert "{0} & {business}" in confirmation("en", business="{0} &\n {business}")
