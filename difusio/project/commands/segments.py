"""Segments, from the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

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


_BY: Final = "command line"
# Whoever asks here waits; a question that runs for longer than this is a mistake.
_PATIENCE_S: Final = 600.0


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
    from difusio.segments.save import add
    from difusio.segments.tree import parse_text

    text = tree_file.read_text("utf-8")
    parse_text(text)
    segment_id = add(
        workspace_id=workspace_or_only(workspace_id), name=name, tree=json.loads(text), by=_BY, at=now()
    )
    click.echo(f"Segment {segment_id} is there. Next: difusio segments count {segment_id}")


@segments.command("count")
@click.argument("segment_id", type=int)
@json_option
@with_installation
def count(_installation: "Installation", segment_id: int, as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Count the people whom a segment names now."""
    from zoneinfo import ZoneInfo

    from difusio.common.clock import now
    from difusio.consent.models import Topic
    from difusio.segments.count import recount
    from difusio.segments.models import Segment
    from difusio.segments.sentence import sentence
    from difusio.segments.tree import parse

    segment = Segment.objects.select_related("workspace").filter(pk=segment_id).first()
    if segment is None:
        raise click.UsageError(f"There is no segment {segment_id}.")
    topics = dict(Topic.objects.filter(workspace=segment.workspace_id).values_list("key", "name"))
    counted = recount(segment, at=now(), patience_s=_PATIENCE_S)
    click.echo(sentence(parse(segment.tree), topics=topics, zone=ZoneInfo(segment.workspace.time_zone)))
    click.echo(f"{segment.name}: {counted.people} people of {counted.of}")
    if as_json:
        last_line({"segment": segment_id, "people": counted.people, "of": counted.of})
