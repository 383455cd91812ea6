"""Contact cards."""

import re
from typing import Any

from whatsapp_simulator.graph.errors import parameter
from whatsapp_simulator.graph.messages.members import missing, only, optional_text, required_text, wrong
from whatsapp_simulator.shown import Shown

_MOST_CONTACTS = 257
_BIRTHDAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAMES = ("first_name", "last_name", "middle_name", "suffix", "prefix")
_ROWS = {
    "phones": ("phone", "type", "wa_id"),
    "emails": ("email", "type"),
    "urls": ("url", "type"),
    "addresses": ("street", "city", "state", "zip", "country", "country_code", "type"),
}
_ORG = ("company", "department", "title")
_CARD = (*_ROWS, "name", "org", "birthday")


def read_contacts(written: Any) -> Shown:
    """Read `contacts`: each needs a formatted name and one more part of it."""
    if written is None or written == []:
        raise missing("contacts")
    if not isinstance(written, list) or not all(isinstance(card, dict) for card in written):
        raise wrong("Parameter contacts must be an array of objects.")
    if len(written) > _MOST_CONTACTS:
        raise parameter(f"(#100) Param contacts must have at most {_MOST_CONTACTS} elements.")
    for index, card in enumerate(written):
        _check(card, f"contacts[{index}]")
    return Shown("contacts", contacts=tuple(written))


def _check(card: dict[str, Any], where: str) -> None:
    only(card, _CARD, where)
    name = card.get("name")
    if name is None:
        raise missing("name", where)
    if not isinstance(name, dict):
        raise wrong("Parameter name must be a JSON object.")
    only(name, ("formatted_name", *_NAMES), f"{where}['name']")
    required_text(name, "formatted_name", f"{where}['name']")
    parts = [optional_text(name, part, f"{where}['name']") for part in _NAMES]
    if not any(parts):
        raise missing("first_name", f"{where}['name']")
    for member, known in _ROWS.items():
        _check_rows(card.get(member), known, f"{where}['{member}']")
    if card.get("org") is not None:
        _check_rows([card["org"]], _ORG, f"{where}['org']")
    birthday = optional_text(card, "birthday", where)
    if birthday and not _BIRTHDAY.fullmatch(birthday):
        raise wrong("Parameter birthday must be written as YYYY-MM-DD.")


def _check_rows(rows: Any, known: tuple[str, ...], where: str) -> None:
    if rows is None:
        return
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong(f"Parameter {where} must be an array of objects.")
    for row in rows:
        only(row, known, where)
        for name in known:
            optional_text(row, name, where)
