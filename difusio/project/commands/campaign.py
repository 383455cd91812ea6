"""Campaigns, from the command line: the acts, without a browser."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from difusio.project.commands.common import (
    json_option,
    last_line,
    with_installation,
    workspace_option,
    workspace_or_only,
    write_lines,
)

if TYPE_CHECKING:
    from difusio.campaigns.preflight import Preflight
    from difusio.project.start import Installation

_BY = "command line"


@click.group()
def campaign() -> None:
    """Plan, check, launch, watch, pause, resume, cancel."""


@campaign.command("plan")
@workspace_option
@click.argument("name")
@click.option("--segment", "segment_id", type=int, required=True, help="Who: a segment's number.")
@click.option("--topic", "topic_key", required=True, help="About what: a topic's key, as offers.")
@click.option("--number", "number_id", type=int, required=True, help="From where: a number's number.")
@click.option("--template", "template_name", required=True, help="What: a template's name at Meta.")
@click.option("--language", required=True, help="The version for people whose own language has none, as ca.")
@click.option(
    "--kind",
    type=click.Choice(["launch", "offer", "service_alert"]),
    default="offer",
    show_default=True,
    help="Why.",
)
@click.option(
    "--value",
    "values",
    multiple=True,
    help="A placeholder's value, as: first_name='{{ contact.first_name | default: \"amic\" }}'. Repeat it.",
)
@click.option(
    "--not-after",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]),
    help="What has not left by then does not leave any more, in the workspace's time zone, as '2026-11-30 18:00'."
    "  Else three days after the launch, twelve hours for a service alert.",
)
@click.option(
    "--canary/--no-canary",
    "has_canary",
    default=None,
    help="Whether a large audience gets a first share before the rest; left out: yes, except for service alerts.",
)
@json_option
@with_installation
def plan_campaign(
    _installation: "Installation",
    workspace_id: int | None,
    name: str,
    segment_id: int,
    topic_key: str,
    number_id: int,
    template_name: str,
    language: str,
    kind: str,
    values: tuple[str, ...],
    not_after: datetime | None,
    has_canary: bool | None,  # noqa: FBT001  # click hands options over by name
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Store a draft.  Nothing is sent yet."""
    from django.db import transaction

    from difusio.accounts.models import Workspace
    from difusio.campaigns.edit import edit_when
    from difusio.campaigns.models import CampaignKind
    from difusio.campaigns.plan import Message, plan
    from difusio.common.clock import now
    from difusio.consent.models import Topic
    from difusio.numbers.models import Number
    from difusio.segments.models import Segment

    workspace = workspace_or_only(workspace_id)
    topic = Topic.objects.filter(workspace_id=workspace, key=topic_key).first()
    if topic is None:
        raise click.UsageError(f"There is no topic {topic_key}: see `difusio consent add-topic --help`.")
    if not Segment.objects.filter(workspace_id=workspace, pk=segment_id).exists():
        raise click.UsageError(f"There is no segment {segment_id}: see `difusio segments add --help`.")
    if not Number.objects.filter(workspace_id=workspace, pk=number_id).exists():
        raise click.UsageError(f"There is no number {number_id}: see `difusio numbers list`.")
    with transaction.atomic():
        draft = plan(
            workspace_id=workspace,
            name=name,
            kind=CampaignKind(kind),
            topic_id=topic.pk,
            segment_id=segment_id,
            number_id=number_id,
            message=Message(template_name=template_name, language=language, values=_values(values)),
            has_canary=has_canary,
            by=_BY,
            at=now(),
        )
        if not_after is not None:
            zone = ZoneInfo(Workspace.objects.get(pk=workspace).time_zone)
            edit_when(draft.pk, None, not_after=not_after.replace(tzinfo=zone), at=now())
    click.echo(f"Campaign {draft.pk} is a draft. Next: difusio campaign preflight {draft.pk}")
    if as_json:
        last_line({"campaign": draft.pk})


@campaign.command()
@click.argument("campaign_id", type=int)
@json_option
@with_installation
def preflight(_installation: "Installation", campaign_id: int, as_json: bool) -> None:  # noqa: FBT001
    """Show who would get it, who would not and why, how long it takes and what it costs."""
    from difusio.campaigns.preflight import preflight
    from difusio.common.clock import now

    checked = preflight(campaign_id, at=now())
    click.echo(f"{checked.eligible} of {checked.audience} people will get it.")
    for reason, people in checked.skipped.items():
        click.echo(f"  {people} skipped: {_skip_words(reason)}")
    if checked.skipped.get("missing_field"):
        click.echo(f"  (empty, and without a default: {', '.join(checked.required_fields)})")
    for version, people in checked.versions.items():
        click.echo(f"  {people} in {version}")
    _say_when(checked)
    if checked.canary:
        click.echo(
            f"About {checked.canary} of them get it first; the others follow unless too many fail or leave."
        )
    cost = checked.cost
    if cost is None:
        click.echo("Cost unknown: no rate card is imported.")
    else:
        made_up = ", made up" if cost.is_made_up else ""
        click.echo(f"Cost about {cost.amount_micros / 1e6:.2f} {cost.currency} ({cost.card}{made_up}).")
        if cost.unpriced:
            click.echo(f"  {cost.unpriced} people live where the card has no price.")
    for finding in checked.findings:
        click.echo(f"{finding.level}: {finding.text}")
    if as_json:
        last_line(
            {
                "campaign": campaign_id,
                "audience": checked.audience,
                "eligible": checked.eligible,
                "skipped": checked.skipped,
                "versions": checked.versions,
                "finish_at": checked.finish_at,
                "not_after": checked.forecast.ends_at,
                "asleep": checked.forecast.asleep,
                "had_enough": checked.forecast.had_enough,
                "late": checked.forecast.late,
                "messaging_limit": checked.room.limit,
                "at_once": checked.at_once,
                "canary": checked.canary,
                "cost_micros": cost.amount_micros if cost else None,
                "currency": cost.currency if cost else None,
                "findings": [
                    {"rule": f.rule, "level": str(f.level), "sentence": f.text} for f in checked.findings
                ],
            }
        )
    if checked.is_blocked:
        raise SystemExit(1)


@campaign.command()
@click.argument("campaign_id", type=int)
@json_option
@with_installation
def launch(_installation: "Installation", campaign_id: int, as_json: bool) -> None:  # noqa: FBT001
    """Freeze the audience and start sending.  A second launch changes nothing."""
    from difusio.campaigns.launch import launch
    from difusio.common.clock import now

    launched = launch(campaign_id, by=_BY, at=now())
    click.echo(
        f"{launched.queued} of {launched.audience} messages are queued. Next: difusio campaign report {campaign_id}"
    )
    if as_json:
        last_line(
            {
                "campaign": campaign_id,
                "audience": launched.audience,
                "queued": launched.queued,
                "skipped": launched.skipped,
            }
        )


@campaign.command()
@click.argument("campaign_id", type=int)
@with_installation
def pause(_installation: "Installation", campaign_id: int) -> None:
    """Let no further message start."""
    from difusio.campaigns.pause import pause
    from difusio.common.clock import now

    pause(campaign_id, by=_BY, at=now())
    click.echo(f"Campaign {campaign_id} is paused. Next: difusio campaign resume {campaign_id}")


@campaign.command()
@click.argument("campaign_id", type=int)
@with_installation
def resume(_installation: "Installation", campaign_id: int) -> None:
    """Let the rest go out; nobody gets it twice."""
    from difusio.campaigns.resume import resume
    from difusio.common.clock import now

    resume(campaign_id, by=_BY, at=now())
    click.echo(f"Campaign {campaign_id} is sending.")


@campaign.command("go-on")
@click.argument("campaign_id", type=int)
@with_installation
def let_rest_go(_installation: "Installation", campaign_id: int) -> None:
    """Let the rest go, whatever came of those who got it first."""
    from difusio.campaigns.canary import go_on
    from difusio.common.clock import now

    go_on(campaign_id, by=_BY, at=now())
    click.echo(f"The rest of campaign {campaign_id} goes out. Next: difusio campaign report {campaign_id}")


@campaign.command()
@click.argument("campaign_id", type=int)
@click.confirmation_option(prompt="What has not been sent will never be. Cancel it?")
@with_installation
def cancel(_installation: "Installation", campaign_id: int) -> None:
    """End what has not started.  It cannot be undone."""
    from difusio.campaigns.cancel import cancel
    from difusio.common.clock import now

    ended = cancel(campaign_id, by=_BY, at=now())
    click.echo(f"Campaign {campaign_id} is cancelled; {ended.deliveries} messages will not be sent.")


@campaign.command()
@click.argument("campaign_id", type=int)
@json_option
@with_installation
def report(_installation: "Installation", campaign_id: int, as_json: bool) -> None:  # noqa: FBT001
    """Show the funnel with its denominators, and failures by cause."""
    from django.utils import timezone

    from difusio.campaigns.errors import NoSuchCampaign
    from difusio.campaigns.models import Campaign
    from difusio.common.clock import now
    from difusio.outbox.room import look
    from difusio.reports.canary import canary_news
    from difusio.reports.funnel import funnel
    from difusio.reports.room_wait import room_wait

    try:
        seen = funnel(campaign_id)
    except Campaign.DoesNotExist:
        raise NoSuchCampaign from None
    click.echo(f"Campaign {campaign_id}: {seen.state_word}")
    for step in (*seen.steps, *seen.rest, seen.failed):
        share = f" of {step.of} {step.of_word} ({step.n / step.of:.1%})" if step.of else ""
        click.echo(f"  {step.word:<12} {step.n}{share}")
    if seen.waiting or seen.in_doubt:
        click.echo(f"  {seen.waiting} waiting, {seen.in_doubt} in doubt")
    of = Campaign.objects.select_related("workspace", "number__portfolio").get(pk=campaign_id)
    with timezone.override(of.workspace.time_zone):
        wait = room_wait(of, seen.waiting, look(of.number.portfolio, at=now()), at=now())
        if wait:
            click.echo(f"  {wait.sentence}")
        held = canary_news(of)
        if held and held.is_held:
            click.echo(f"  The rest is held: {' '.join(held.against)}")
            click.echo(
                f"  Next: difusio campaign go-on {campaign_id}, or difusio campaign cancel {campaign_id}"
            )
        elif held:
            click.echo(f"  {held.people} people get it first; the rest waits for what comes of that.")
    for title, causes in (("Skipped", seen.skips), ("Failed", seen.failures)):
        for cause in causes:
            click.echo(f"  {title}: {cause.n} – {cause.sentence} ({cause.key})")
    if as_json:
        last_line(
            {
                "campaign": campaign_id,
                "state": seen.state,
                "audience": seen.audience,
                "waiting": seen.waiting,
                "in_doubt": seen.in_doubt,
                "goes_on_at": wait.opening.at if wait else None,
                "canary": None if held is None else "held" if held.is_held else "waiting",
                "steps": {step.key: step.n for step in (*seen.steps, *seen.rest, seen.failed)},
                "skipped": {cause.key: cause.n for cause in seen.skips},
                "failed": {cause.key: cause.n for cause in seen.failures},
            }
        )


@campaign.command()
@click.argument("campaign_id", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_installation
def audience(_installation: "Installation", campaign_id: int, file: Path) -> None:
    """Write who was to get it, and what became of each, to FILE, one JSON object a line.  It names people."""
    from difusio.campaigns.errors import NoSuchCampaign
    from difusio.campaigns.models import Campaign
    from difusio.campaigns.running import batch_ids
    from difusio.outbox.export import export

    if not Campaign.objects.filter(pk=campaign_id).exists():
        raise NoSuchCampaign
    click.echo(f"{write_lines(file, export(batch_ids(campaign_id)))} people in {file}.")


def _say_when(checked: "Preflight") -> None:
    lasts = (checked.finish_at - checked.leaves_at).total_seconds()
    if checked.at_once < checked.eligible:
        click.echo(
            f"{checked.at_once} leave at once; the last ones by {checked.finish_at:%Y-%m-%d %H:%M} UTC."
        )
    else:
        latest = " at the latest" if checked.canary else ""
        click.echo(f"At {checked.pace_per_s} a second it is done {lasts:.0f} s after the launch{latest}.")
    course = checked.forecast
    if course.asleep:
        click.echo(f"  {course.asleep} of them have quiet hours then and wait until those end.")
    if course.had_enough:
        click.echo(f"  {course.had_enough} had as many as the cap or the topic allows and are left out.")
    if course.late:
        click.echo(
            f"  {course.late} would get it too late: nothing leaves after {course.ends_at:%Y-%m-%d %H:%M} UTC."
        )


@campaign.command("parked")
@workspace_option
@click.argument("campaign_id", type=int, required=False)
@click.option("--delivery", "delivery_id", type=int, help="Decide about this one alone.")
@click.option("--send-again", "act", flag_value="again", help="Send them once more; they may arrive twice.")
@click.option("--leave", "act", flag_value="leave", help="Let them be.")
@json_option
@with_installation
def parked(
    _installation: "Installation",
    workspace_id: int | None,
    campaign_id: int | None,
    delivery_id: int | None,
    act: str | None,
    as_json: bool,  # noqa: FBT001  # click hands options over by name
) -> None:
    """Show what is parked, of one campaign or all, and decide about it."""
    from difusio.campaigns.running import batch_ids
    from difusio.common.clock import now
    from difusio.outbox.decide import Chosen, leave_it, send_again
    from difusio.reports.parked import groups

    workspace = workspace_or_only(workspace_id)
    moved = None
    if act is not None:
        chosen = Chosen(
            workspace,
            delivery_ids=None if delivery_id is None else [delivery_id],
            batch_ids=None if campaign_id is None else batch_ids(campaign_id),
        )
        moved = (send_again if act == "again" else leave_it)(chosen, by=_BY, at=now())
        click.echo(f"{moved} {'leave once more' if act == 'again' else 'are left as they are'}.")
    waiting = [one for one in groups(workspace, at=now()) if campaign_id in {None, one.campaign_id}]
    for one in waiting:
        name = f"Campaign {one.campaign_id} {one.campaign_name}" if one.campaign_id else "Answers and tests"
        over = " Too late or cancelled: it cannot leave once more." if one.is_over else ""
        click.echo(f"{name}: {one.n} parked. {one.sentence}{over}")
    if not waiting:
        click.echo("Nothing is parked.")
    if as_json:
        last_line(
            {
                "moved": moved,
                "parked": [
                    {"campaign": one.campaign_id or None, "cause": one.cause, "n": one.n, "since": one.since}
                    for one in waiting
                ],
            }
        )


def _values(texts: tuple[str, ...]) -> Mapping[str, str]:
    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise click.UsageError(f"Write --value as placeholder=text, not {text!r}.")
        values[key.strip()] = value
    return values


def _skip_words(reason: str) -> str:
    from difusio.reports.causes import skip_sentence

    return skip_sentence(reason)
