"""Reading the members of a message's objects, with Meta's words for what is missing, wrong or too long.

`where` is the path of the object as Meta writes it, such as `interactive['action']`.  A member that is null counts
as left out.
"""

from collections.abc import Collection
from typing import Any

from whatsapp_simulator.graph.errors import RefusedError, parameter, refused


def only(written: dict[str, Any], known: Collection[str], where: str) -> None:
    """Refuse members that the object does not have."""
    for name in written:
        if name not in known:
            raise parameter(f'(#100) Unexpected key "{name}" on param "{where}".')


def required_object(written: dict[str, Any], name: str, where: str = "") -> dict[str, Any]:
    """Read an object that must be there."""
    value = written.get(name)
    if value is None:
        raise missing(name, where)
    if not isinstance(value, dict):
        raise wrong(f"Parameter {name} must be a JSON object.")
    return value


def required_list(written: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """Read an array of objects that must be there and hold something."""
    value = written.get(name)
    if value is None or value == []:
        raise missing(name, where)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise wrong(f"Parameter {name} must be an array of objects.")
    return value


def required_text(written: dict[str, Any], name: str, where: str, *, longest: int = 0) -> str:
    """Read a text that must be there; longest: in characters, 0 for no limit."""
    text = optional_text(written, name, where, longest=longest)
    if not text:
        raise missing(name, where)
    return text


def optional_text(written: dict[str, Any], name: str, where: str, *, longest: int = 0) -> str:
    """Read a text that may be left out."""
    text = written.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise wrong(f"Parameter {name} must be a string.")
    if longest and len(text) > longest:
        raise parameter(f"(#100) Param {where}['{name}'] must be at most {longest} characters long.")
    return text


def label(written: dict[str, Any], name: str, what: str, *, longest: int) -> str:
    """Read a text on an interactive message, where Meta tells a wrong length with 131009."""
    text = written.get(name)
    if text is not None and not isinstance(text, str):
        raise wrong(f"Parameter {name} must be a string.")
    if not text or len(text) > longest:
        raise wrong(f"{what} length invalid. Min length: 1, Max length: {longest}")
    return text


def flag(written: dict[str, Any], name: str) -> bool:
    """Read yes or no; Graph also takes the words."""
    value = written.get(name)
    if value in (None, False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise wrong(f"Parameter {name} must be a boolean.")


def missing(name: str, where: str = "") -> RefusedError:
    """Make the refusal of a parameter that is not there."""
    return refused(131008, f"Parameter {name} is required{' in ' + where if where else ''}.")


def wrong(details: str) -> RefusedError:
    """Make the refusal of a value."""
    return refused(131009, details)
