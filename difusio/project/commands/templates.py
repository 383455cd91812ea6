"""Templates, from the command line."""

from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, with_installation

if TYPE_CHECKING:
    from difusio.project.start import Installation


@click.group()
def templates() -> None:
    """See what Meta approved."""


@templates.command("sync")
@click.option(
    "--number", "number_id", type=int, required=True, help="A number of the account whose templates are read."
)
@json_option
@with_installation
def sync(_installation: "Installation", number_id: int, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Read the templates, and the number's quality and limit, as they stand at Meta."""
    from difusio.common.clock import now
    from difusio.message_templates.sync import sync
    from difusio.numbers.models import Number
    from difusio.numbers.refresh import refresh

    number = Number.objects.filter(pk=number_id).first()
    if number is None:
        raise click.UsageError(f"There is no number {number_id}: see `difusio numbers list`.")
    synced = sync(workspace_id=number.workspace_id, number_id=number_id, at=now())
    # The rules ask for the number's quality too.
    refresh(number_id)
    click.echo(f"{synced.new} new, {synced.changed} changed, {synced.gone} gone.")
    if as_json:
        last_line({"new": synced.new, "changed": synced.changed, "gone": synced.gone})


@templates.command("list")
@with_installation
def list_templates(_installation: "Installation") -> None:
    """List the templates with their state."""
    from difusio.message_templates.models import Template

    for template in Template.objects.order_by("name", "language", "id"):
        click.echo(
            f"{template.name}  {template.language}  {template.category}  {template.status}  {template.quality}"
        )
