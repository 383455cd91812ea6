"""``difusio doctor``: is all well, and what to do about what is not."""

import platform
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import click

from difusio.project.commands.common import json_option, last_line, with_installation

if TYPE_CHECKING:
    from difusio.project.start import Installation

_LITTLE_SPACE_BYTES = 1 << 30
_SLOW_DRAIN_S = 5.0
_SLOW_JOB_S = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.  remedy: what to do; empty when it is well."""

    name: str
    says: str
    remedy: str = ""


@click.command()
@json_option
@with_installation
def doctor(installation: "Installation", as_json: bool) -> None:  # noqa: FBT001  # click hands options over by name
    """Look at versions, store, keys, numbers and limits, and say what to do about each finding."""
    found = [*_program(), *_store(installation), *_log(), *_numbers(), *_flow()]
    for finding in found:
        click.echo(f"{'!!' if finding.remedy else 'ok'}  {finding.name:<10} {finding.says}")
        if finding.remedy:
            click.echo(f"    → {finding.remedy}")
    if as_json:
        last_line(
            {
                "well": not any(f.remedy for f in found),
                "findings": [{"name": f.name, "says": f.says, "remedy": f.remedy} for f in found],
            }
        )
    if any(finding.remedy for finding in found):
        raise SystemExit(1)


def _program() -> Iterator[Finding]:
    import django

    from difusio import __version__

    yield Finding(
        "program", f"Difusió {__version__}, Django {django.get_version()}, Python {platform.python_version()}"
    )


def _store(installation: "Installation") -> Iterator[Finding]:
    from django.db import connection

    from difusio.common.keyring import keyring
    from difusio.project.disk import free_bytes
    from difusio.project.durability import unsafe_settings

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
    if installation.store:
        free = free_bytes(installation.store.data)
        little = (
            "Make room: without space nothing is sent and nothing is received."
            if free < _LITTLE_SPACE_BYTES
            else ""
        )
        yield Finding("disk", f"{free / (1 << 30):.1f} GiB free", little)
    keys = keyring()
    yield Finding(
        "keys", f"{len(keys.keys)} key(s), fingerprint {keys.fingerprint()}; they belong to this store"
    )


def _log() -> Iterator[Finding]:
    import asyncio

    from difusio.project.webhook_log import log_cluster

    cluster = log_cluster()
    if cluster is None:
        yield Finding("log", "webhooks wait in the store's own table")
        return
    from difusio.log.jetstream_check import UnfitCluster, examine

    try:
        found = asyncio.run(examine(cluster))
    except UnfitCluster as unfit:
        yield Finding("log", "the JetStream of DIFUSIO_LOG_URL cannot be used", str(unfit))
        return
    versions = ", ".join(sorted({node.version for node in found.nodes}))
    yield Finding(
        "log",
        f"NATS JetStream {versions}, {found.current} of {found.replicas} replicas keep up",
        "Start the server that is missing: when another one goes, nothing is received any more."
        if found.current < found.replicas
        else "",
    )


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
    from difusio.log.port import Lane
    from difusio.outbox.models import Delivery
    from difusio.project.webhook_log import log_reader

    with closing(log_reader()) as reader, connection.cursor() as cursor:
        waits = max(reader.oldest_unread_age(cursor, lane, now()) for lane in Lane)
        cursor.execute("SELECT count(*) FROM log_post WHERE quarantined_reason <> ''")
        poison = cursor.fetchone()[0]
    slow = "Start `difusio drain` (or `difusio up`): marketing waits while unread messages may hold a STOP."
    says = (
        f"the oldest unread webhook waits {waits:.0f} s" if isfinite(waits) else "nobody knows what is unread"
    )
    yield Finding("drain", says, slow if waits > _SLOW_DRAIN_S else "")
    if poison:
        yield Finding(
            "webhooks",
            f"{poison} could not be read and were set aside",
            "Report them: they are kept, sealed, in log_post.",
        )
    yield from _jobs()
    parked = Delivery.objects.filter(state="parked").count()
    if parked:
        yield Finding(
            "parked",
            f"{parked} deliveries whose outcome nobody knows",
            "They are not sent again; look at them with `difusio campaign audience`.",
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
