"""`/{phone_number_id}/block_users`: people the business does not want to hear from.

Source: DOC/block-users (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from typing import Any

import msgspec

from whatsapp_simulator.graph.answers import Answer
from whatsapp_simulator.graph.calls import Call, needs_product
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.fields import page
from whatsapp_simulator.people import Address, Person, read_user_id

_LONGEST_LIST = 64_000
_FULL, _SOME_FAILED = 139101, 139100
_WINDOW_CLOSED, _NOBODY = 131047, 131009
_WINDOW_WORDS = (
    "Message failed to send because more than 24 hours have passed since the customer last replied to this "
    "number"
)
_FAILED = {
    _WINDOW_CLOSED: ("Re-engagement required", _WINDOW_WORDS),
    _NOBODY: ("Parameter value is not valid", "The user is neither a phone number nor a user id."),
}


def listing(call: Call) -> object:
    """Answer `GET /{phone_number_id}/block_users`."""
    people = call.world.population
    rows = []
    for key in call.line.particulars.blocked:
        person = people.find(key)
        if person is not None:
            known = {"wa_id": person.phone} if person.phone and person.phone_known else {}
            rows.append({"messaging_product": "whatsapp", **known, "user_id": person.user_id})
    return page(rows, call.query, call.request.url)


def block(call: Call) -> object:
    """Answer `POST /{phone_number_id}/block_users`: only people who wrote in the last 24 hours."""
    added: list[dict[str, str]] = []
    failed: list[dict[str, Any]] = []
    blocked = call.line.particulars.blocked
    users = _users(call)
    if len(blocked) + len(users) > _LONGEST_LIST:
        raise refused(_FULL, f"The block list can hold {_LONGEST_LIST} users.")
    for written in users:
        address = _address(call, written)
        person = None if address is None else call.world.population.meet(address)
        if person is None:
            failed.append(_failure(written, address, _NOBODY))
        elif not person.window_open(call.node, call.now):
            failed.append(_failure(written, address, _WINDOW_CLOSED))
        else:
            blocked[person.key] = written
            person.blocked_by_us = True
            added.append(_success(written, person, address))
    return _answer("added_users", added, failed)


def unblock(call: Call) -> object:
    """Answer `DELETE /{phone_number_id}/block_users`."""
    removed: list[dict[str, str]] = []
    failed: list[dict[str, Any]] = []
    for written in _users(call):
        address = _address(call, written)
        if address is None:
            failed.append(_failure(written, None, _NOBODY))
            continue
        person = call.world.population.meet(address)
        call.line.particulars.blocked.pop(person.key, None)
        lines = call.world.lines.values()
        person.blocked_by_us = any(person.key in line.particulars.blocked for line in lines)
        removed.append(_success(written, person, address))
    return _answer("removed_users", removed, failed)


def _users(call: Call) -> list[str]:
    params = call.params()
    needs_product(params)
    given = params.get("block_users")
    if not isinstance(given, list) or not given:
        raise parameter("(#100) Param block_users must be an array of users.")
    users = []
    for one in given:
        written = one.get("user", one.get("user_id")) if isinstance(one, dict) else None
        if not isinstance(written, str) or not written:
            raise parameter("(#100) Each element of block_users needs user.")
        users.append(written)
    return users


def _address(call: Call, written: str) -> Address | None:
    return read_user_id(written) or call.world.population.read(written, own_digits=call.line.number.digits)


def _success(written: str, person: Person, address: Address | None) -> dict[str, str]:
    if address is not None and address.phone:
        return {"input": written, "wa_id": address.phone}
    return {"input": written, "user_id": person.user_id}


def _failure(written: str, address: Address | None, code: int) -> dict[str, Any]:
    words, details = _FAILED[code]
    known = {"wa_id": address.phone} if address is not None and address.phone else {}
    error = {"message": words, "code": code, "error_data": {"details": details}}
    return {"input": written, **known, "errors": [error]}


def _answer(member: str, done: list[dict[str, str]], failed: list[dict[str, Any]]) -> object:
    lists: dict[str, Any] = {member: done} if done or not failed else {}
    facts: dict[str, Any] = {"messaging_product": "whatsapp", "block_users": lists}
    if not failed:
        return facts
    lists["failed_users"] = failed
    refusal = refused(_SOME_FAILED).problem
    error = msgspec.json.decode(refusal.body())["error"]
    details = "Failed to block some users, see the block_users response list for details"
    trace = error.pop("fbtrace_id")
    facts["error"] = {**error, "error_data": {"details": details}, "fbtrace_id": trace}
    return Answer(refusal.http_status, msgspec.json.encode(facts))
