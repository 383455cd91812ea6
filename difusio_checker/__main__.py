"""``python -m difusio_checker``: who should have got a message, and who did.  Exit code 0 only when all is right."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from difusio_checker.inputs import InputError, read_acts, read_input
from difusio_checker.judge import Case, Result, judge, launched_at
from difusio_checker.outside import OutsideError, read_audience, read_ledger, see
from difusio_checker.segment import SegmentError

_NUMBERS = (
    *("expected", "received", "lost", "sent_twice", "without_consent", "after_leaving", "strangers"),
    *(
        "withdrawn",
        "refused",
        "parked",
        "in_doubt",
        "capped",
        "unsent",
        "leavings",
        "confirmed_once",
        "confirmed_more",
        "unconfirmed",
    ),
    *("audience_differs", "ledger_differs"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check; 0: all is right, 1: something is wrong, 2: it could not be checked."""
    options = _options().parse_args(arguments)
    try:
        result = judge(_case(options))
    except (InputError, OutsideError, SegmentError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    _tell(result, as_json=options.json)
    return 0 if result.holds else 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="difusio_checker", description=__doc__)
    for name, meaning in (
        ("orders", "the CSV of orders that was imported, if there were any"),
        ("people", "the CSV of people that was imported"),
        ("consents", "the CSV of consents, when it is not the one of people"),
        ("audience", "the exported audience, JSON lines"),
        ("ledger", "the exported ledger, JSON lines"),
        ("segment", "the segment's tree, JSON"),
    ):
        needed = name not in {"orders", "consents"}
        parser.add_argument(f"--{name}", type=Path, required=needed, help=meaning)
    parser.add_argument(
        "--simulator", required=True, help="the simulator's address, as http://127.0.0.1:9100"
    )
    parser.add_argument("--topic", default="offers", help="the campaign's topic")
    parser.add_argument(
        "--template", action="append", default=[], help="count this template's messages alone"
    )
    parser.add_argument(
        "--number", action="append", default=[], help="count this number's messages alone (Meta's id)"
    )
    parser.add_argument(
        "--after", type=int, default=0, help="what the simulator accepted up to this row does not count"
    )
    parser.add_argument("--since", help="ISO time: messages accepted before do not count; else the launch")
    parser.add_argument("--launched", help="ISO time of the launch; else the audience's first row")
    parser.add_argument("--shift-days", type=int, default=0, help="by how many days the orders were moved")
    parser.add_argument("--zone", default="Europe/Madrid", help="where the files' local times are")
    parser.add_argument("--allow-parked", type=int, default=0, help="so many parked messages are all right")
    parser.add_argument(
        "--allow-unsent", type=int, default=0, help="so many that wait, expired or were cancelled"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    return parser


def _case(options: argparse.Namespace) -> Case:
    zone = ZoneInfo(options.zone)
    audience = read_audience(options.audience)
    launched = datetime.fromisoformat(options.launched) if options.launched else launched_at(audience)
    since = datetime.fromisoformat(options.since) if options.since else launched
    try:
        segment = json.loads(options.segment.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{options.segment}: {error}") from None
    return Case(
        people=read_input(
            options.orders, options.people, zone=zone, shift=timedelta(days=options.shift_days)
        ),
        acts=read_acts(options.consents or options.people, zone=zone),
        segment=segment,
        audience=audience,
        ledger=read_ledger(options.ledger),
        seen=see(options.simulator, numbers=frozenset(options.number), after=options.after),
        topic=options.topic,
        launched_at=launched,
        since=since.timestamp(),
        templates=frozenset(options.template),
        allow_parked=options.allow_parked,
        allow_unsent=options.allow_unsent,
    )


def _tell(result: Result, *, as_json: bool) -> None:
    found = result.as_json()
    for name in _NUMBERS:
        examples = result.examples.get(name, [])
        sys.stdout.write(f"{name:18} {found[name]}{f'  ({chr(44).join(examples)} …)' if examples else ''}\n")
    sys.stdout.write("all is right\n" if result.holds else "SOMETHING IS WRONG\n")
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    sys.exit(main())
