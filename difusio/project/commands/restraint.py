"""When and how often marketing reaches one person, from the command line."""

from datetime import time
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

_OFF = "off"


@click.command()
@workspace_option
@click.option("--quiet", help="Quiet hours by each person's own clock, as 21:00-09:00; off: none.")
@click.option(
    "--cap", help="At most so many messages to one person in so many days, as 4/7; off: any number."
)
@click.option(
    "--second-try/--no-second-try",
    default=None,
    help="Try those once more, a day later, whom Meta says have had enough marketing (131049).",
)
@json_option
@with_installation
def restraint(
    _installation: "Installation",
    workspace_id: int | None,
    quiet: str | None,
    cap: str | None,
    second_try: bool | None,  # noqa: FBT001  # click hands options over by name
    as_json: bool,  # noqa: FBT001  # the same
) -> None:
    """Show when and how often marketing reaches one person, or say it anew."""
    from dataclasses import replace

    from difusio.accounts.models import Workspace
    from difusio.accounts.restrain import restrain, restraint_of
    from difusio.common.clock import now

    workspace = Workspace.objects.get(pk=workspace_or_only(workspace_id))
    held = restraint_of(workspace)
    if quiet is not None:
        begins, ends = _hours(quiet)
        held = replace(held, quiet_from=begins, quiet_until=ends)
    if cap is not None:
        messages, days = _counts(cap)
        held = replace(held, cap_messages=messages, cap_days=days or held.cap_days)
    if second_try is not None:
        held = replace(held, tries_again=second_try)
    restrain(workspace.pk, held, by="command line", at=now())
    if held.quiet_from and held.quiet_until:
        click.echo(f"Quiet hours: {held.quiet_from:%H:%M} to {held.quiet_until:%H:%M}, where the person is.")
    else:
        click.echo("Quiet hours: none.")
    if held.cap_messages:
        click.echo(f"Cap: {held.cap_messages} messages to one person in {held.cap_days} days.")
    else:
        click.echo("Cap: none.")
    click.echo(f"Second try a day after Meta's own cap: {'yes' if held.tries_again else 'no'}.")
    if as_json:
        last_line(
            {
                "workspace": workspace.pk,
                "quiet_from": f"{held.quiet_from:%H:%M}" if held.quiet_from else None,
                "quiet_until": f"{held.quiet_until:%H:%M}" if held.quiet_until else None,
                "cap_messages": held.cap_messages,
                "cap_days": held.cap_days,
                "second_try": held.tries_again,
            }
        )


def _hours(text: str) -> tuple[time | None, time | None]:
    if text == _OFF:
        return None, None
    begins, dash, ends = text.partition("-")
    try:
        return time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip() if dash else "")
    except ValueError:
        raise click.UsageError("Write --quiet as 21:00-09:00, or off.") from None


def _counts(text: str) -> tuple[int | None, int | None]:
    if text == _OFF:
        return None, None
    messages, slash, days = text.partition("/")
    if not (slash and messages.isascii() and messages.isdecimal() and days.isascii() and days.isdecimal()):
        raise click.UsageError("Write --cap as 4/7, four messages in seven days, or off.")
    return int(messages), int(days)
