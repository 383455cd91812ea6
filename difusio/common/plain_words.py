"""Text as bare words, for comparing what people write: no case, accents, punctuation or pictures."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
# Apostrophes and the Catalan middle dot join (dona'm, cancel·lar); joiners and variation selectors belong to pictures.
_JOINERS = re.compile("['\u2019\u2018\u02bc`\u00b4\u00b7\u200b-\u200d\u2060\ufe00-\ufe0f\u20e3]")
_WORD_CATEGORIES = frozenset("LNM")  # letters, digits and the vowel signs of Indian scripts


def plain_words(text: str) -> str:
    """Give the words in lower case, parted by single spaces: ``¡No m'envieu MÉS!`` → ``no menvieu mes``."""
    text = _JOINERS.sub("", text.casefold())
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    spaced = [char if unicodedata.category(char)[0] in _WORD_CATEGORIES else " " for char in text]
    return " ".join("".join(spaced).split())
