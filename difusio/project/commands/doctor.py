"""``difusio doctor``: is all well, and what to do about what is not."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, with_installation

if TYPE_CHECKING:
    from difusio.log.port import LogReader
    from difusio.project.start import Installation

_LITTLE_SPACE_BYTES = 1 << 30
_SLOW_DRAIN_S = 5.0
_SLOW_JOB_S = 60.0
_SLOW_QUEUE_S = 60.0
_SKEW_S = 1.0
_ANSWERS_S = 5.0
# Of a file's mode: whatever the group and all others may do.
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.  remedy: what to do; empty when it is well.  is_advice: it may stay as it is."""

    name: str
    says: str
    remedy: str = ""
    is_advice: bool = False

    @property
    def mark(self) -> str:
        """Begin the finding's line: well, to be mended, or worth a thought."""
        return "ok" if not self.remedy else "··" if self.is_advice else "!!"


@click.command()
@json_option
@with_installation
def doctor(installation: "Installation", as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Look at versions, store, keys, numbers and limits, and say what to do about each finding."""
    found = [
        *_program(),
        *_store(installation),
        *_machine(installation),
        *_webhook_address(),
        *_numbers(),
        *_flow(),
    ]
    for finding in found:
        click.echo(f"{finding.mark}  {finding.name:<10} {finding.says}")
        if finding.remedy:
            click.echo(f"    → {finding.remedy}")
    if as_json:
        last_line(
            {
                "well": not any(f.remedy and not f.is_advice for f in found),
                "findings": [
                    {"name": f.name, "says": f.says, "remedy": f.remedy, "is_advice": f.is_advice}
                    for f in found
                ],
            }
        )
    if any(finding.remedy and not finding.is_advice for finding in found):
        raise SystemExit(1)


def _program() -> Iterator[Finding]:
    import django

    from difusio import __version__

    yield Finding(
        "program", f"Difusió {__version__}, Django {django.get_version()}, Python {platform.python_version()}"
    )


def _store(installation: "Installation") -> Iterator[Finding]:
    from django.db import connection

    from difusio.accounts.hold import is_held
    from difusio.project.durability import clock_skew_s, has_standby, unsafe_settings

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    kind = "embedded" if installation.store else "of DATABASE_URL"
    unsafe = unsafe_settings(connection)
    yield Finding(
        "store",
        f"PostgreSQL {version}, {kind}",
        f"Switch on {', '.join(unsafe)}: without it a power cut loses messages that were said to be safe."
        if unsafe
        else "",
    )
    if is_held():
        yield Finding(
            "restored",
            "this store came out of a backup and sends nothing",
            "See to what happened since, then: difusio release",
        )
    if installation.store is None and not has_standby(connection):
        yield Finding(
            "standby",
            "no commit waits for a second server",
            "If this server is lost with its disk, so is what was sent since the last backup: think of a synchronous"
            " standby (docs/how-to/run-on-a-server.md).",
            is_advice=True,
        )
    skew = clock_skew_s(connection)
    yield Finding(
        "clock",
        f"{abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} the store's",
        "Set both machines' clocks by NTP: what is due leaves at the wrong time, and a log cannot be followed."
        if abs(skew) > _SKEW_S
        else "",
    )


def _machine(installation: "Installation") -> Iterator[Finding]:
    from pathlib import Path

    from django.conf import settings

    from difusio.common.keyring import keyring
    from difusio.project.disk import free_bytes

    folder = installation.store.data if installation.store else installation.home
    free = free_bytes(folder)
    little = (
        "Make room: without space nothing is sent and nothing is received."
        if free < _LITTLE_SPACE_BYTES
        else ""
    )
    yield Finding("disk", f"{free / (1 << 30):.1f} GiB free", little)
    keys, file = keyring(), Path(settings.DIFUSIO_KEYS_FILE)
    is_open = file.stat().st_mode & _OTHERS
    yield Finding(
        "keys",
        f"{len(keys.keys)} key(s), fingerprint {keys.fingerprint()}; they belong to this store",
        f"Others on this machine may read them: chmod 600 {file}" if is_open else "",
    )


def _webhook_address() -> Iterator[Finding]:
    """Ask the public address as Meta would, once there is one."""
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    from django.conf import settings

    from difusio.receiving.receiver import PATH

    if not settings.DIFUSIO_URL.startswith("https://"):
        return
    url = settings.DIFUSIO_URL + PATH
    remedy = "Lead this path to `difusio receive`: Meta cannot tell what became of messages, nor who leaves."
    try:
        with urlopen(url, timeout=_ANSWERS_S) as answer:  # noqa: S310  # our own https address
            yield Finding("address", f"{url} answers {answer.status}, which is not the receiver", remedy)
    except HTTPError as error:
        # A handshake without our word is refused: so it is ours who answers.
        is_ours = error.code == HTTPStatus.FORBIDDEN
        says = "leads to the receiver" if is_ours else f"answers {error.code}, which is not the receiver"
        yield Finding("address", f"{url} {says}", "" if is_ours else remedy)
    except (URLError, OSError) as error:
        yield Finding("address", f"{url} is not reached: {getattr(error, 'reason', error)}", remedy)


def _numbers() -> Iterator[Finding]:
    from difusio.cloud_api.transport import CloudApiError
    from difusio.numbers.models import Number, WebhookSecret
    from difusio.numbers.refresh import ask
    from difusio.reports.causes import stop_sentence

    numbers = list(Number.objects.order_by("id"))
    if not numbers:
        yield Finding("number", "none yet", "Add one: difusio numbers add --help (or try `difusio demo`).")
    if numbers and not WebhookSecret.objects.filter(retired_at=None).exists():
        yield Finding(
            "webhooks", "no app secret", "Add the app secret: without it every webhook is refused with 503."
        )
    for number in numbers:
        name = f"number {number.pk}"
        if number.stopped_for:
            yield Finding(
                name,
                f"stopped for {number.stopped_for}: {stop_sentence(number.stopped_for)}",
                f"Mend it, then: difusio numbers go-on {number.pk}",
            )
            continue
        try:
            state = ask(number)
        except CloudApiError as error:
            yield Finding(name, "does not answer", f"{error} Check its token and the network.")
            continue
        slower = state.per_s < number.pace_per_s
        yield Finding(
            name,
            f"{state.status.lower() or 'there'}, quality {state.quality}, {state.per_s} a second",
            f"Meta allows {state.per_s} a second, we would send {number.pace_per_s}: set its pace."
            if slower
            else "",
        )


def _flow() -> Iterator[Finding]:
    from django.db import connection

    from difusio.common.clock import now
    from difusio.common.keyring import keyring
    from difusio.log.port import Lane
    from difusio.log.table_reader import TableReader
    from difusio.outbox.models import Delivery

    reader = TableReader(keyring())
    with connection.cursor() as cursor:
        waits = max(reader.oldest_unread_age(cursor, lane, now()) for lane in Lane)
        cursor.execute("SELECT count(*) FROM log_post WHERE quarantined_reason <> ''")
        poison = cursor.fetchone()[0]
    slow = "Start `difusio drain` (or `difusio up`): marketing waits while unread messages may hold a STOP."
    yield Finding(
        "drain", f"the oldest unread webhook waits {waits:.0f} s", slow if waits > _SLOW_DRAIN_S else ""
    )
    if poison:
        yield Finding(
            "webhooks",
            f"{poison} could not be folded in and were set aside",
            "See why with `difusio log set-aside`; after an update or a new number: `difusio log again`.",
        )
    yield from _jobs()
    yield from _queues(reader)
    parked = Delivery.objects.filter(state="parked").count()
    if parked:
        yield Finding(
            "parked",
            f"{parked} deliveries whose outcome nobody knows",
            "They are not sent again; look at them with `difusio campaign audience`.",
        )


def _queues(log: "LogReader") -> Iterator[Finding]:
    """Look for messages that are due and that nobody sends."""
    from difusio.metrics.gauges import OWNED, QUEUE_AGE, STOPPED, read

    readings = list(read(log))
    for reading in readings:
        if reading.gauge is not QUEUE_AGE or reading.n < _SLOW_QUEUE_S:
            continue
        number, lane = reading.values
        stands = {one.gauge: one.n for one in readings if one.values == (number,)}
        if not stands.get(OWNED) and not stands.get(STOPPED):
            yield Finding(
                f"number {number}",
                f"messages ({lane}) have been due for {reading.n:.0f} s and nobody sends",
                "Start `difusio send` (or `difusio up`).",
            )


def _jobs() -> Iterator[Finding]:
    from datetime import timedelta

    from django_tasks_db.models import DBTaskResult

    from difusio.common.clock import now

    oldest = DBTaskResult.objects.ready().order_by("enqueued_at").first()
    waits = (now() - oldest.enqueued_at).total_seconds() if oldest else 0.0
    slow = "Start `difusio work` (or `difusio up`): imports and checks wait for it."
    yield Finding("work", f"the oldest job waits {waits:.0f} s", slow if waits > _SLOW_JOB_S else "")
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=now() - timedelta(days=1)).count()
    if failed:
        yield Finding(
            "work",
            f"{failed} jobs failed since yesterday",
            "Look for work.failed and work.gave_up in the log.",
        )
