"""Say who acted, for people's eyes: what is written down names a member by number, which outlives an address."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from difusio.accounts.models import User

_MEMBER: Final = re.compile(r"user (\d{1,18})")


def named(actors: Iterable[str]) -> Mapping[str, str]:
    """Give each actor's e-mail where they are somebody who signs in, else the word itself.  Cost: 1 query at most."""
    words = set(actors)
    ids = {int(found[1]): word for word in words if (found := _MEMBER.fullmatch(word))}
    emails = User.objects.filter(pk__in=ids).values_list("pk", "email") if ids else ()
    return {word: word for word in words} | {ids[pk]: email for pk, email in emails}
