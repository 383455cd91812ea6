"""``difusio release``: let a restored store send."""

from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, with_installation

if TYPE_CHECKING:
    from difusio.project.start import Installation

_BEFORE = """\
This store came out of a backup. It knows nothing of what happened since. Before it sends:
  1. Bring back who left and who was erased since then: from another export of the ledger, or by hand.
  2. Let `difusio receive` and `difusio drain` run for a while: Meta delivers again for up to seven days.
  3. See that no other copy of this store sends.
  4. Do not launch again what was launched after the backup; here it is a draft, or missing.
Campaigns that were sending are paused: what waits in them may have been sent since. Resume or cancel each."""


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: all of it was seen to.")
@json_option
@with_installation
def release(_installation: "Installation", yes: bool, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Let a store that was restored from a backup send again."""
    from difusio.accounts import hold
    from difusio.common.clock import now

    if hold.is_held() and not yes:
        click.echo(_BEFORE)
        click.confirm("All of this was seen to. Let it send?", abort=True)
    was_held = hold.release(by="command line", at=now())
    click.echo("This store may send." if was_held else "This store was not held: it may send.")
    if as_json:
        last_line({"was_held": was_held})
