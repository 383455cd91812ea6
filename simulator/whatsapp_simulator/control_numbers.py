"""The control plane's acts of what stands beside a number: the Business app on a phone, and errors Meta tells."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from whatsapp_simulator import business_app
from whatsapp_simulator.graph.errors import ERRORS, told_in_webhook
from whatsapp_simulator.people import Person
from whatsapp_simulator.scenario import ScenarioError, decode
from whatsapp_simulator.webhooks import ERRORS as ERROR_WEBHOOKS
from whatsapp_simulator.world import Line, World

_Phone = Annotated[str, Meta(pattern=r"^\+?[0-9]{7,15}$")]


class _Closed(Struct, kw_only=True, forbid_unknown_fields=True):
    phone_number_id: str | None = None


class _Echo(_Closed, kw_only=True):
    to: str
    text: Annotated[str, Meta(min_length=1, max_length=65_536)]


class _Contact(Struct, kw_only=True, forbid_unknown_fields=True):
    full_name: str
    first_name: str
    phone_number: _Phone


class _Contacts(_Closed, kw_only=True):
    contacts: Annotated[tuple[_Contact, ...], Meta(min_length=1)]
    action: Literal["add", "remove"] = "add"


class _History(_Closed, kw_only=True):
    declined: bool = False


class _Error(_Closed, kw_only=True):
    code: int
    details: str = ""


class NumberActs:
    """All acts by path; each takes the body of the request.

    line: finds a number by its id, or the first.  meet: finds a person by any address.
    """

    def __init__(
        self, world: World, *, line: Callable[[str | None], Line], meet: Callable[[str], Person]
    ) -> None:
        self._world = world
        self._line = line
        self._meet = meet
        self.by_path: dict[str, Callable[[bytes], Any]] = {
            "business-app/echo": self._echo,
            "business-app/contacts": self._contacts,
            "business-app/history": self._history,
            "errors": self._error,
        }

    def _echo(self, body: bytes) -> Any:
        told = decode(body, _Echo)
        business_app.echo(self._world, self._line(told.phone_number_id), self._meet(told.to), told.text)
        return {"status": "ok"}

    def _contacts(self, body: bytes) -> Any:
        told = decode(body, _Contacts)
        rows = [
            {**msgspec.to_builtins(one), "phone_number": one.phone_number.lstrip("+")}
            for one in told.contacts
        ]
        business_app.sync_contacts(self._world, self._line(told.phone_number_id), rows, action=told.action)
        return {"status": "ok"}

    def _history(self, body: bytes) -> Any:
        told = decode(body, _History)
        line = self._line(told.phone_number_id)
        if told.declined:
            business_app.decline_history(self._world, line)
            return {"chunks": 0}
        return {"chunks": business_app.sync_history(self._world, line)}

    def _error(self, body: bytes) -> Any:
        told = decode(body, _Error)
        if told.code not in ERRORS:
            raise ScenarioError(f"{told.code} is not a documented error code.")
        error = msgspec.Raw(msgspec.json.encode(told_in_webhook(told.code, told.details)))
        self._world.outbox.send(ERROR_WEBHOOKS, self._line(told.phone_number_id).number, None, error)
        return {"status": "ok"}
