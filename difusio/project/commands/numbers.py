"""Business numbers, from the command line."""

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

_BY = "command line"
_secret_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def numbers() -> None:
    """Add and see business numbers."""


@numbers.command("add")
@workspace_option
@click.option("--phone-number-id", required=True, help="Meta's id of the number, as its dashboard shows it.")
@click.option("--waba-id", required=True, help="Meta's id of the WhatsApp account that holds the number.")
@click.option("--display-phone", required=True, help="The number as people see it, as +34 600 123 456.")
@click.option("--name", "verified_name", required=True, help="The name that people see.")
@click.option("--app-id", required=True, help="Meta's id of the app.")
@click.option("--token-file", required=True, type=_secret_file, help="A file with the access token.")
@click.option("--app-secret-file", required=True, type=_secret_file, help="A file with the app secret.")
@click.option(
    "--verify-token-file",
    required=True,
    type=_secret_file,
    help="A file with a word of yours for the handshake.",
)
@click.option(
    "--pace", "pace_per_s", default=80, show_default=True, help="Messages a second that Meta allows."
)
@click.option(
    "--shares-limit-with",
    type=int,
    help="A number of another account in the same portfolio at Meta: they share one messaging limit.",
)
@click.option(
    "--business-app",
    "is_on_business_app",
    is_flag=True,
    help="People also write from it in the WhatsApp Business app: 20 messages a second at most.",
)
@click.option(
    "--api-url",
    default="https://graph.facebook.com",
    show_default=True,
    help="The simulator's, to try things out.",
)
@json_option
@with_installation
def add_number(
    _installation: "Installation",
    /,
    workspace_id: int | None,
    token_file: Path,
    app_secret_file: Path,
    verify_token_file: Path,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
    **facts: object,
) -> None:
    """Add a business number; secrets come from files, so that no shell remembers them."""
    from difusio.common.clock import now
    from difusio.numbers.add import NewNumber, add

    number = add(
        NewNumber(
            access_token=_secret(token_file),
            app_secret=_secret(app_secret_file),
            verify_token=_secret(verify_token_file),
            **facts,  # type: ignore[arg-type]  # the options above have the fields' names and types
        ),
        workspace_id=workspace_or_only(workspace_id),
        at=now(),
    )
    click.echo(f"Number {number.pk} is there. Next: difusio templates sync --number {number.pk}")
    if as_json:
        last_line({"number": number.pk})


@numbers.command("list")
@json_option
@with_installation
def list_numbers(_installation: "Installation", as_json: bool) -> None:  # noqa: FBT001
    """List the numbers and what they may send."""
    from difusio.numbers.models import Number

    rows = [
        {
            "number": number.pk,
            "workspace": number.workspace_id,
            "name": number.verified_name,
            "pace_per_s": number.pace_per_s,
            "quality": number.quality,
            "stopped_for": number.stopped_for,
        }
        for number in Number.objects.order_by("id")
    ]
    for row in rows:
        stopped = f", stopped for {row['stopped_for']}" if row["stopped_for"] else ""
        click.echo(
            f"{row['number']}  {row['name']}  {row['pace_per_s']}/s  quality {row['quality']}{stopped}"
        )
    if not rows:
        click.echo("No number yet: difusio numbers add --help")
    if as_json:
        last_line({"numbers": rows})


@numbers.command("go-on")
@click.argument("number_id", type=int)
@with_installation
def go_on(_installation: "Installation", number_id: int) -> None:
    """Let a stopped number send again, once its cause is mended."""
    from difusio.common.clock import now
    from difusio.numbers.renew import let_go_on

    _check(number_id)
    let_go_on(number_id, by=_BY, at=now())
    click.echo(f"Number {number_id} may send.")


@numbers.command("renew")
@click.argument("number_id", type=int)
@click.option("--token-file", type=_secret_file, help="A file with the new access token.")
@click.option(
    "--app-secret-file", type=_secret_file, help="A file with the new app secret; the old one holds too."
)
@click.option("--verify-token-file", type=_secret_file, help="A file with the word for the handshake.")
@click.option("--retire", is_flag=True, help="Accept only what the newest app secret signs.")
@with_installation
def renew(
    _installation: "Installation",
    number_id: int,
    token_file: Path | None,
    app_secret_file: Path | None,
    verify_token_file: Path | None,
    retire: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Replace a token or an app secret while everything goes on."""
    from difusio.common.clock import now
    from difusio.numbers.renew import renew_secret, renew_token, retire_secrets

    _check(number_id)
    if (app_secret_file is None) != (verify_token_file is None):
        raise click.UsageError("Give --app-secret-file and --verify-token-file together.")
    if token_file is None and app_secret_file is None and not retire:
        raise click.UsageError("Say what to renew: --token-file, --app-secret-file or --retire.")
    if token_file is not None:
        renew_token(number_id, _secret(token_file), by=_BY, at=now())
        click.echo(f"Number {number_id} sends with the new token.")
    if app_secret_file is not None and verify_token_file is not None:
        renew_secret(
            number_id,
            app_secret=_secret(app_secret_file),
            verify_token=_secret(verify_token_file),
            by=_BY,
            at=now(),
        )
        click.echo("Both app secrets hold. Change it at Meta, then: difusio numbers renew --retire")
    if retire:
        click.echo(f"{retire_secrets(number_id, by=_BY, at=now())} older app secrets are retired.")


def _check(number_id: int) -> None:
    from difusio.numbers.models import Number

    if not Number.objects.filter(pk=number_id).exists():
        raise click.UsageError(f"There is no number {number_id}: see `difusio numbers list`.")


def _secret(file: Path) -> str:
    return file.read_text("utf-8").strip()
