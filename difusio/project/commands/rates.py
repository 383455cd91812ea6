"""Rate cards, from the command line."""

from datetime import datetime
from pathlib import Path
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


@click.group()
def rates() -> None:
    """Bring in what Meta charges, so that a pre-flight can say what a campaign costs."""


@rates.command("import")
@workspace_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="What to call the card, as: Meta, January 2027.")
@click.option("--currency", required=True, help="The card's currency, as EUR.")
@click.option(
    "--valid-from", type=click.DateTime(["%Y-%m-%d"]), required=True, help="From which day on it holds."
)
@click.option("--source", required=True, help="Where it comes from, as the page it was taken from.")
@json_option
@with_installation
def import_rates(
    _installation: "Installation",
    /,
    workspace_id: int | None,
    file: Path,
    name: str,
    currency: str,
    valid_from: datetime,
    source: str,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Import a CSV of prices: country, category, price.  The newest card whose day has come is used."""
    from difusio.common.clock import now
    from difusio.message_templates.rates import import_rate_card

    card = import_rate_card(
        file,
        workspace_id=workspace_or_only(workspace_id),
        name=name,
        currency=currency,
        valid_from=valid_from.date(),
        source=source,
        is_made_up=False,
        at=now(),
    )
    click.echo(f"{card.rates} prices, in force from {valid_from.date()}.")
    if as_json:
        last_line({"card": card.card_id, "rates": card.rates})
