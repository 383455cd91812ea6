"""Segments, from the command line."""

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
def segments() -> None:
    """Ask questions about contacts."""


@segments.command("add")
@workspace_option
@click.argument("name")
@click.option(
    "--tree",
    "tree_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with the question's tree.",
)
@with_installation
def add(_installation: "Installation", workspace_id: int | None, name: str, tree_file: Path) -> None:
    """Save a question under a name."""
    import json

    from difusio.common.clock import now
    from difusio.segments.models import Segment
    from difusio.segments.tree import parse_text

    text = tree_file.read_text("utf-8")
    parse_text(text)
    segment, is_new = Segment.objects.get_or_create(
        workspace_id=workspace_or_only(workspace_id),
        name=name,
        defaults={"tree": json.loads(text), "created_at": now()},
    )
    if not is_new:
        raise click.UsageError(
            f"There is a segment called {name} already (number {segment.pk}): choose another name."
        )
    click.echo(f"Segment {segment.pk} is there. Next: difusio segments count {segment.pk}")


@segments.command("count")
@click.argument("segment_id", type=int)
@json_option
@with_installation
def count(_installation: "Installation", segment_id: int, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Count the people whom a segment names now."""
    from difusio.common.clock import now
    from difusio.segments.count import count
    from difusio.segments.models import Segment
    from difusio.segments.tree import parse

    segment = Segment.objects.filter(pk=segment_id).first()
    if segment is None:
        raise click.UsageError(f"There is no segment {segment_id}.")
    people = count(parse(segment.tree), workspace_id=segment.workspace_id, at=now())
    click.echo(f"{segment.name}: {people} people")
    if as_json:
        last_line({"segment": segment_id, "people": people})
