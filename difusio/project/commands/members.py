"""Members, from the command line: a self-hosted shop may have no mail server."""

from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import (
    json_option,
    last_line,
    with_installation,
    workspace_option,
    workspace_or_only,
)

if TYPE_CHECKING:
    from difusio.project.start import Installation

_BY = "command line"


@click.group()
def members() -> None:
    """See members, invite them, and help who forgot a password."""


@members.command("list")
@json_option
@with_installation
def list_members(_installation: "Installation", as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """List who may sign in, where, as what."""
    from difusio.accounts.models import Membership

    rows = [
        {"workspace": one.workspace_id, "user": one.user_id, "email": one.user.email, "role": one.role}
        for one in Membership.objects.select_related("user").order_by("workspace_id", "id")
    ]
    for row in rows:
        click.echo(f"{row['workspace']}  {row['email']}  {row['role']}")
    if not rows:
        click.echo("Nobody yet: open the pages (`difusio up`) and answer the first run.")
    if as_json:
        last_line({"members": rows})


@members.command("invite")
@workspace_option
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice(["owner", "marketer", "desk", "privacy"]),
    required=True,
    help="What they may do.",
)
@json_option
@with_installation
def invite(
    _installation: "Installation",
    workspace_id: int | None,
    email: str,
    role: str,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Make a link with which somebody joins; it holds once, for seven days."""
    from django.conf import settings
    from django.urls import reverse

    from difusio.accounts.invite import invite as invite_member
    from difusio.accounts.models import Role
    from difusio.common.clock import now

    invited = invite_member(email, Role(role), workspace_id=workspace_or_only(workspace_id), by=_BY, at=now())
    link = settings.DIFUSIO_URL + reverse("invitation", args=[invited.token])
    click.echo(f"Pass this link on; it holds once, for seven days:\n{link}")
    if as_json:
        last_line({"link": link})


@members.command("reset-password")
@click.argument("email")
@json_option
@with_installation
def reset_password(_installation: "Installation", email: str, as_json: bool) -> None:  # noqa: FBT001  # as above
    """Make a link with which somebody chooses a new password; it holds once, for a day."""
    from allauth.account.forms import default_token_generator
    from allauth.account.utils import user_pk_to_url_str
    from django.conf import settings
    from django.urls import reverse

    from difusio.accounts.models import User

    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise click.UsageError("Nobody here has this address: see `difusio members list`.")
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])
    link = settings.DIFUSIO_URL + path
    click.echo(f"Pass this link on; it holds once, for a day:\n{link}")
    if as_json:
        last_line({"link": link})
