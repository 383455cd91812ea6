"""What a password must have, said in the reader's language."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """Django's own rule with a sentence of ours: Django's has no Catalan yet (6.0)."""

    def get_error_message(self) -> str:
        """Say how long it must be."""
        return ngettext(
            "This password is too short: it must have at least %(n)s character.",
            "This password is too short: it must have at least %(n)s characters.",
            self.min_length,
        ) % {"n": self.min_length}
