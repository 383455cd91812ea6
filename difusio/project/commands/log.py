"""The log of webhooks, from the command line: what was set aside, and the past month once more."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, with_installation, write_lines

if TYPE_CHECKING:
    from difusio.project.start import Installation

_MOST = 1_000


@click.group()
def log() -> None:
    """See webhooks that were set aside, and fold the kept ones in again."""


@log.command("set-aside")
@json_option
@with_installation
def list_set_aside(_installation: "Installation", as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """List webhooks that could not be folded in, newest first."""
    from difusio.log.kept import EVERYBODY, set_aside

    posts = set_aside(EVERYBODY, limit=_MOST)
    for post in posts:
        click.echo(
            f"{post.id}  {post.received_at:%Y-%m-%d %H:%M}  {post.lane.name.lower()}  {post.size} bytes  {post.reason}"
        )
    if not posts:
        click.echo("Nothing was set aside: every webhook that came was folded in.")
    if as_json:
        rows = [
            {
                "post": post.id,
                "lane": post.lane.name.lower(),
                "received_at": post.received_at,
                "reason": post.reason,
                "bytes": post.size,
                "is_partly_folded": post.is_partly_folded,
            }
            for post in posts
        ]
        last_line({"set_aside": rows})


@log.command("again")
@click.argument("post_ids", type=int, nargs=-1)
@with_installation
def again(_installation: "Installation", post_ids: tuple[int, ...]) -> None:
    """Let the drain try webhooks that were set aside once more: those named, or all of them."""
    from difusio.log.kept import EVERYBODY, take_again

    taken = take_again(EVERYBODY, list(post_ids) or None)
    click.echo(f"{taken} webhooks are tried again; what still cannot be folded in is set aside anew.")


@log.command("body")
@click.argument("post_id", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_installation
def body(_installation: "Installation", post_id: int, file: Path) -> None:
    """Write the raw bytes of a webhook that was set aside to FILE.  They name people: keep the file safe."""
    from difusio.log.kept import EVERYBODY, raw_body

    raw = raw_body(post_id, EVERYBODY)
    if raw is None:
        raise click.UsageError(f"No webhook {post_id} was set aside: see `difusio log set-aside`.")
    file.touch(mode=0o600)
    file.write_bytes(raw)
    click.echo(f"{len(raw)} bytes in {file}.")


@log.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_installation
def export_log(_installation: "Installation", file: Path) -> None:
    """Write every webhook that is kept to FILE, sealed: only a store with the same keys can read it."""
    from difusio.log.kept import export

    click.echo(f"{write_lines(file, export())} webhooks in {file}.")


@log.command("replay")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@json_option
@with_installation
def replay_log(_installation: "Installation", file: IO[str] | None, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Fold the webhooks of the past month in once more: those kept here, or those of FILE from `difusio log export`.

    For a store that was restored: its rows are older than what Meta told since.  What is in force already changes
    nothing; the drain does the work, and marketing waits until it is done.
    """
    from difusio.log.kept import replay, replay_from

    posts = replay() if file is None else replay_from(_lines(file))
    click.echo(f"{posts} webhooks are unread; `difusio drain` (or `difusio up`) folds them in.")
    if as_json:
        last_line({"posts": posts})


def _lines(file: IO[str]) -> Iterator[Mapping[str, object]]:
    from difusio.log.kept import NotALog

    for line in file:
        try:
            read = json.loads(line)
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise NotALog(NotALog.__doc__)
        yield read
