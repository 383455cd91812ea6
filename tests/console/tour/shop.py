"""What a tour needs: the shop with its people, and how a route and a screen are told."""

import re
from dataclasses import dataclass, field
from typing import Self

from difusio.accounts.models import Role, User, Workspace
from difusio.accounts.rights import Right
from tests.console import cast

_VALUE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """What a route answers whoever has the right to it; others: a stranger signs in, the rest read 404.

    get, post: a status, or a status and where it leads ("302 /campaigns/").  right None: whoever is signed in.
    """

    name: str
    right: Right | None
    get: str = "200"
    post: str = "405"
    # What each answers instead, for the few doors that are open: "stranger", "member".
    stranger: tuple[str, str] | None = None
    # A page of the workspace as such has nothing that belongs to somebody else.
    outsider: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """A page worth looking at.  queries: literal, for the owner; None: not counted (a form after a mistake, say)."""

    name: str
    address: str
    queries: int | None
    # Looked at in the empty shop as well.
    is_telling_when_empty: bool = False


@dataclass(slots=True)
class Shop:
    """A workspace with a member of each role; ids: what the addresses of routes and screens name."""

    workspace: Workspace
    members: dict[Role, User]
    outsider: User
    ids: dict[str, int | str] = field(default_factory=dict)

    @classmethod
    def open(cls) -> Self:
        workspace = cast.make_workspace()
        members = {
            role: cast.make_member(workspace, f"{name}@forn.example", role)
            for name, role in zip(("dana", "marta", "desi", "priva"), Role, strict=True)
        }
        eve = cast.make_member(cast.make_workspace("La competència"), "eve@elsewhere.example")
        return cls(workspace, members, eve, {"workspace_id": workspace.pk})

    def address(self, route: str) -> str:
        """Fill "/campaigns/<int:campaign_id>/" or "/campaigns/{campaign_id}/"."""
        return _VALUE.sub(lambda match: str(self.ids[match[1]]), route).format(**self.ids)
