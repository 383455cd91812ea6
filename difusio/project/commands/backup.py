"""Save the store in one file, and bring it back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, spoken, with_installation

if TYPE_CHECKING:
    from difusio.project.start import Installation


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@with_installation
def backup(installation: "Installation", file: Path, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Save the store in FILE while everything goes on.  Keep the key file apart: it is not inside."""
    from difusio import __version__
    from difusio.common.clock import now
    from difusio.common.keyring import keyring
    from difusio.project.backup import backup

    key_ids = [str(key_id) for key_id in sorted(keyring().keys)]
    saved = backup(url=installation.url, to=file, at=now(), program_version=__version__, key_ids=key_ids)
    click.echo(saved.sentence)
    if as_json:
        last_line({"file": saved.path, "bytes": saved.file_bytes})


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@spoken
def restore(file: Path) -> None:
    """Fill an empty store from a backup FILE, wholly or not at all."""
    from difusio.project.backup import restore
    from difusio.project.schema_version import known_migrations
    from difusio.project.start import open_installation

    installation = open_installation()
    try:
        restored = restore(url=installation.url, path=file, known=known_migrations())
    finally:
        installation.close()
    click.echo(restored.sentence)
    click.echo("Next: put its key file in place, then `difusio doctor`.")
    click.echo("Nothing leaves this store until you say so: `difusio release` tells what to see to before.")
