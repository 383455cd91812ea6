"""Errors that are meant for people: their text says what happened and what to do."""


class SentenceError(Exception):
    """Something that can be expected went wrong; faces show the text as it is, without a traceback."""
