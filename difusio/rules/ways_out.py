"""Whether a message shows its reader how to leave, in words that we understand (consent rules, 6, 7, 12).  Pure."""

import re
from collections.abc import Iterable
from typing import Final

from difusio.common.plain_words import plain_words
from difusio.rules.leaving_words import classify

# What asks for an answer, and how many words may stand between it and the answer: "respon amb la paraula BAIXA".
_ANSWER: Final = re.compile(
    r"\b(?:respon|respondre|responeu|responent|respons|contesta|contestant|contesteu|escriu|escriviu|escrivint|envia|envians"
    r"|envieu|enviant|digues|diguens|responde|respondiendo|responda|respondenos|contestando|escribe|escribenos|escriba"
    r"|escribiendo|enviando|envie|envianos|manda|reply|replying|respond|responding|answer|text|texting|send|sending|write"
    r"|type|typing|repondez|envoyez|ecrivez|rispondi|scrivi|invia|antworten sie|antworte|schreiben sie|senden sie)\b"
)
_REACH = 6
# "BAIXA per no rebre'n més", "STOP to opt out".
_PURPOSE: Final = re.compile(
    r"\b(?P<word>\w+) (?:per(?: a)? |para |to |pour |um )(?:(?:no |ne plus |non )?(?:rebren?|recibir|recevoir|ricevere)"
    r"|deixar|dejar|donar te|donarte|darte|darse|sortir|salir|leave|stop|unsubscribe|opt out|end)\b"
)


def has_way_out(*, texts: Iterable[str], buttons: Iterable[str]) -> bool:
    """Tell whether a button leaves when it is tapped, or a text names a word that leaves when it is sent.

    buttons: the labels, which come back when tapped.
    """
    return any(classify(label) is not None for label in buttons) or any(_names_a_word(text) for text in texts)


def _names_a_word(text: str) -> bool:
    plain = plain_words(text)
    for asked in _ANSWER.finditer(plain):
        words = plain[asked.end() :].split()[:_REACH]
        if any(classify(word) is not None for word in words):
            return True
    return any(classify(found["word"]) is not None for found in _PURPOSE.finditer(plain))
