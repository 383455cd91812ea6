"""Tell whether a person's words mean that they want no more messages (consent rules, 12).  Pure.

When in doubt, a short message whose main intent is to stop counts as leaving: who is let go by mistake is a smaller
harm than who is not let go.  Longer texts that merely hold such a word do not; ``sounds_like_leaving`` marks them for a
person.  It stands here, below the inbox, because pre-flight asks the same of a template's opt-out button.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from difusio.common.plain_words import plain_words
from difusio.rules.leaving_phrases import (
    COMMANDS,
    COMMANDS_IN,
    DOUBTFUL,
    EVERYTHING,
    FILLERS,
    KEEPING,
    SENTENCES,
    STOP_WHAT,
)

# Beyond, a text is a letter: a person reads it.
_LONGEST_WORDS = 40
_LONGEST_PAYLOAD_CHARS = 4096

_STRETCHED = re.compile(r"(\w)\1{2,}")
_SENTENCE_END = re.compile(r"[.!?…\n;]+")
# In a few words a comma parts as much as a full stop: "que pesats, prou".
_PART_END = re.compile(r"[.!?…\n;,:]+")
_FEW_WORDS = 8
# Words that nobody puts into a sentence of its own unless they mean it.
_CLEAR_COMMANDS = frozenset({"stop", "baixa", "baja", "unsubscribe", "opt out", "optout"})
_SIGNS = frozenset({"\N{OCTAGONAL SIGN}", "\N{OCTAGONAL SIGN}\N{RAISED HAND}"})
# Before the name of a topic; in Catalan its article may be part of the word ("baixa d'ofertes").
_TOPIC_LEAD = re.compile(
    r"(?:stop|baixa|baja|unsubscribe|cancel|no more|no mes|no mas|opt out)"
    r"(?: (?:de|del|dels|from|of|the|la|les|els|el|los|las|a|to))*(?: | d| l)"
)


class LeavingKind(StrEnum):
    """What the person leaves."""

    ALL_MARKETING = "all_marketing"  # a bare STOP: every marketing topic; service stays
    TOPIC = "topic"  # the topics that were named, and no others
    EVERYTHING = "everything"  # service topics too


@dataclass(frozen=True, slots=True)
class Leaving:
    """A wish to leave.  topics: the names, as they were given to ``classify``, when the kind is TOPIC."""

    kind: LeavingKind
    topics: tuple[str, ...] = ()


def classify(text: str, language_hint: str = "", *, topics: Sequence[str] = ()) -> Leaving | None:
    """Read a message, or the label or payload of a tapped button; None: nothing says that the person leaves.

    language_hint: the person's language (``ca``, ``pt_BR``), for the few words that mean something else elsewhere.
    topics: names of topics that may be left one by one.
    """
    text = text[:_LONGEST_PAYLOAD_CHARS]
    words = _words(text)
    if not words:
        return Leaving(LeavingKind.ALL_MARKETING) if _is_stop_sign(text) else None
    if len(words) > _LONGEST_WORDS:
        return None
    core = " ".join(_without_fillers(words))
    if core in EVERYTHING:
        return Leaving(LeavingKind.EVERYTHING)
    named = _named_topic(core, topics)
    if named:
        return Leaving(LeavingKind.TOPIC, (named,))
    is_leaving = (
        _is_command(core, language_hint) or _has_command_alone(text) or _says_it(core, " ".join(words))
    )
    return Leaving(LeavingKind.ALL_MARKETING) if is_leaving else None


def sounds_like_leaving(text: str, language_hint: str = "") -> bool:
    """Tell whether a person should look at a message that ``classify`` did not take for a leaving."""
    if classify(text, language_hint) is not None:
        return False
    words = _words(text)
    whole = " ".join(words)
    if len(words) > _LONGEST_WORDS:
        return any(sentence.search(whole) for sentence in SENTENCES)
    return bool(DOUBTFUL.search(whole))


def _words(text: str) -> list[str]:
    plain = _STRETCHED.sub(r"\1", plain_words(text))
    words = plain.split()
    # S T O P, S.T.O.P.
    if len(words) > 2 and all(len(word) == 1 for word in words):  # noqa: PLR2004 - fewer letters are no word of ours
        return ["".join(words)]
    return words


def _without_fillers(words: Sequence[str]) -> list[str]:
    """Take politeness, greetings and figures (a phone or customer number) off both ends, again and again."""
    core = list(words)
    before = -1
    while core and len(core) != before:
        before = len(core)
        while core and core[-1].isdecimal():
            core.pop()
        while core and core[0].isdecimal():
            core.pop(0)
        for filler in FILLERS:
            if core[: len(filler)] == filler:
                core = core[len(filler) :]
            if filler and core[-len(filler) :] == filler:
                core = core[: -len(filler)]
    # Who means it says it twice: "stop stop stop".
    return [word for place, word in enumerate(core) if place == 0 or word != core[place - 1]]


def _is_command(core: str, language_hint: str) -> bool:
    if core in COMMANDS:
        return True
    language = language_hint.replace("-", "_").partition("_")[0].lower()
    return bool(language) and language in COMMANDS_IN.get(core, "").split()


def _has_command_alone(text: str) -> bool:
    """Find "Stop." as a sentence of its own; a question of one word ("Baixa?") asks something."""
    start = 0
    ends = _PART_END if len(text.split()) <= _FEW_WORDS else _SENTENCE_END
    for end in [*ends.finditer(text), None]:
        sentence = text[start : end.start() if end else len(text)]
        is_question = end is not None and "?" in end.group()
        if not is_question and " ".join(_without_fillers(_words(sentence))) in _CLEAR_COMMANDS:
            return True
        start = end.end() if end else start
    return False


def _says_it(core: str, whole: str) -> bool:
    if any(keeping.search(whole) for keeping in KEEPING):
        return False
    # Some sentences begin with what is politeness elsewhere ("quiero …"), others end where politeness begins.
    return bool(STOP_WHAT.fullmatch(core)) or any(
        sentence.search(whole) or sentence.search(core) for sentence in SENTENCES
    )


def _named_topic(core: str, topics: Sequence[str]) -> str:
    for topic in topics:
        name = plain_words(topic)
        if name and core.endswith(name) and _TOPIC_LEAD.fullmatch(core.removesuffix(name)):
            return topic
    return ""


def _is_stop_sign(text: str) -> bool:
    return "".join(text.split()).replace("\ufe0f", "") in _SIGNS
