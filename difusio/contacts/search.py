"""Find people by what somebody types: a name, a phone or its end, an e-mail address, a number of the shop's."""

import re
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex

from difusio.common.keyring import keyring
from difusio.common.phone import BadPhoneError, parse_phone
from difusio.common.sealed import TAIL_LENGTHS
from difusio.contacts.models import ACCENTED, FOLDED_NAME, NAME_WORDS, PLAIN, Contact, Identity, IdentityKind

_FOLD: Final = str.maketrans(ACCENTED, PLAIN)
_WORD: Final = re.compile(r"\w+")
# What a phone is written with besides digits.
_AROUND_DIGITS: Final = re.compile(r"[\s+().\-/]")
# The end of a number may fit many people; the newest of them come first.
_MOST_BY_TAIL: Final = 1_000
_MAX_TEXT: Final = 120


def contacts(workspace_id: int) -> QuerySet[Contact]:
    """Give the people of a workspace, newest first; who was erased is no longer one of them."""
    return Contact.objects.filter(workspace_id=workspace_id, erased_at=None).order_by("-id")


def search(text: str, *, workspace_id: int, country: str) -> QuerySet[Contact]:
    """Give the people whom ``text`` may mean, newest first.  country: of phones without a country code.

    Words are the beginnings of names, in any order.  Cost: 1 query for identities, besides the set itself.
    """
    text = text.strip()[:_MAX_TEXT]
    everybody = contacts(workspace_id)
    if not text:
        return everybody
    known = _by_identity(text, workspace_id, country)
    words = [] if _is_number(text) else _WORD.findall(text.lower().translate(_FOLD))
    if not words:
        return everybody.filter(pk__in=known)
    asked = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
    named = everybody.annotate(words=NAME_WORDS, place=StrIndex(FOLDED_NAME, Value(max(words, key=len))))
    # The letters say nothing new.  They tell the planner that fewer fit, or it walks through everybody, newest first,
    # for names that one in some hundred people has: 160 ms among a million, where the index and a sort take 35.
    fits = Q(place__gt=0, words=asked)
    return named.filter(fits | Q(pk__in=known)) if known else named.filter(fits)


def masked(phone: str) -> str:
    """Write a phone so that one can tell people apart, and not call them."""
    return f"••• ••• {phone[-3:]}"


def _is_number(text: str) -> bool:
    return _AROUND_DIGITS.sub("", text).isdecimal()


def _by_identity(text: str, workspace_id: int, country: str) -> list[int]:
    keys = keyring()
    hashes = [keys.hash(value, kind=kind) for kind, value in _candidates(text, country)]
    asked = Q(value_hash__in=hashes)
    digits = _AROUND_DIGITS.sub("", text)
    if digits.isdecimal() and len(digits) in TAIL_LENGTHS:
        asked |= Q(tail_hashes__contains=[keys.tail(digits)])
    rows = Identity.objects.filter(asked, workspace_id=workspace_id).order_by("-contact_id", "id")
    return list(rows.values_list("contact_id", flat=True)[:_MOST_BY_TAIL])


def _candidates(text: str, country: str) -> list[tuple[IdentityKind, str]]:
    found = [(IdentityKind.CUSTOMER, text), (IdentityKind.BSUID, text)]
    if "@" in text:
        found.append((IdentityKind.EMAIL, text.lower()))
    for home in (country, ""):
        try:
            found.append((IdentityKind.PHONE, parse_phone(text, country=home).e164))
        except BadPhoneError:
            continue
    return found
