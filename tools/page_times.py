"""How long every page takes in the server, in a shop with a million contacts and a million deliveries.

It furnishes the shop that the tests of the pages walk through, fills it by SQL in a store of its own, asks each page as
the owner, and prints a table, the slowest first.  The last line is JSON:

    python -m tools.page_times --size 1000000
"""

import argparse
import json
import logging
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from difusio.common.sql import Queries
from difusio.project.bench.store import own_store

if TYPE_CHECKING:
    from django.test import Client

    from difusio.outbox.models import Batch
    from tests.console.tour import Shop

TIMES: Final = 7
GOAL_MS: Final = 150
_queries = Queries(Path(__file__).with_suffix(".sql"))
_CAMPAIGNS: Final = 200
_CAMPAIGN_EVERY: Final = timedelta(hours=5)
_SENDING: Final = 20
_SEGMENTS: Final = 20
_TEMPLATES: Final = 30
_IMPORTS: Final = 12

# Not pages but counts over everybody, which a page that is there already asks for.
COUNTS: Final = {"campaign-checked", "campaign-checked-broken"}
# Pages that only a big shop makes long: asked besides those of the tour.
_MORE: Final = {
    "contacts-deep": "/contacts/?before={middle_id}",
    "contacts-language": "/contacts/?language=en",
    "contacts-topic": "/contacts/?topic={offers_id}&said=agreed",
    "contacts-common-name": "/contacts/?q=maria",
    "contacts-two-names": "/contacts/?q=maria+garcia",
    "contacts-rare-name": "/contacts/?q=hermenegilda",
    "contacts-one-letter": "/contacts/?q=m",
    "contacts-phone-end": "/contacts/?q=4321",
    "contacts-rare-name-left": "/contacts/?q=hermenegilda&topic={offers_id}&said=left",
    "contacts-common-name-left": "/contacts/?q=maria&topic={offers_id}&said=left",
    "contact-busy": "/contacts/{first_id}/",
    "proof-busy": "/consent/proof/{first_id}/",
    "conversation-busy": "/conversations/{first_id}/",
    "conversations-common-name": "/conversations/?show=all&q=maria",
    "conversations-rare-name": "/conversations/?show=all&q=hermenegilda",
    "big": "/campaigns/{big_id}/",
    "big-sending": "/campaigns/{big_sending_id}/",
    "big-cancel": "/campaigns/{big_sending_id}/cancel/",
    "big-people": "/campaigns/{big_id}/people/",
    "big-people-deep": "/campaigns/{big_id}/people/?after={middle_delivery_id}",
    "big-people-read": "/campaigns/{big_id}/people/?state=read",
    "big-people-waiting": "/campaigns/{big_sending_id}/people/?state=waiting",
    "big-people-parked": "/campaigns/{big_id}/people/?state=parked",
    "big-people-replied": "/campaigns/{big_id}/people/?state=replied",
    "big-people-left": "/campaigns/{big_id}/people/?state=left",
    "big-people-rare-reason": "/campaigns/{big_id}/people/?state=skipped&reason=us_pause",
    "big-people-rare-code": "/campaigns/{big_id}/people/?state=failed&reason=131053",
    "big-people-common-name": "/campaigns/{big_id}/people/?name=maria",
    "big-people-rare-name": "/campaigns/{big_id}/people/?name=hermenegilda",
    "campaigns-sending": "/campaigns/?state=sending",
    "campaigns-completed": "/campaigns/?state=completed",
}


@dataclass(frozen=True, slots=True)
class Times:
    """What one page took: milliseconds by the clock (median and worst) and of the processor (median), queries."""

    page: str
    ms: float
    worst_ms: float
    cpu_ms: float
    queries: int


def main() -> None:
    options = _options()
    with own_store():
        from difusio.project.bench.shop import tidy

        shop = fill(options.size)
        tidy()
        found = sorted(measure(shop, options.only), key=lambda times: -times.ms)
    pages = [one for one in found if one.page not in COUNTS]
    if not options.json:
        print(f"{'page':32}{'median ms':>10}{'worst':>8}{'CPU':>8}{'queries':>9}")
        for one in found:
            print(f"{one.page:32}{one.ms:>10.0f}{one.worst_ms:>8.0f}{one.cpu_ms:>8.0f}{one.queries:>9}")
    print(
        json.dumps(
            {
                "name": "page_times",
                "slowest": pages[0].page,
                "ms": round(pages[0].ms, 1),
                "pages": len(pages),
                "over": [one.page for one in pages if one.ms >= GOAL_MS],
                "counts_ms": {one.page: round(one.ms) for one in found if one.page in COUNTS},
                "contacts": options.size,
                "deliveries": options.size,
            }
        )
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--size", type=int, default=1_000_000, help="contacts, and deliveries of one campaign"
    )
    parser.add_argument("--only", default="", help="the pages whose names begin so")
    parser.add_argument("--json", action="store_true", help="only the last line")
    return parser.parse_args()


def measure(shop: "Shop", only: str = "") -> Iterator[Times]:
    """Ask every page: once to warm up and to count its queries, then ``TIMES`` times."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from difusio.accounts.models import Role
    from tests.console import tour

    # A page that is refused on purpose is measured too, and not logged.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    owner = Client(SERVER_NAME="localhost")
    owner.force_login(shop.members[Role.OWNER])
    pages = {screen.name: screen.address for screen in tour.SCREENS} | _MORE
    for page, address in pages.items():
        if page.startswith(only):
            with CaptureQueriesContext(connection) as asked:
                _ask(owner, shop.address(address))
            yield _timed(owner, page, shop.address(address), len(asked))


def _timed(owner: "Client", page: str, address: str, queries: int) -> Times:
    clock, cpu = [], []
    for _ in range(TIMES):
        began, cpu_began = time.perf_counter(), time.process_time()
        _ask(owner, address)
        clock.append((time.perf_counter() - began) * 1_000)
        cpu.append((time.process_time() - cpu_began) * 1_000)
    return Times(page, statistics.median(clock), max(clock), statistics.median(cpu), queries)


def _ask(owner: "Client", address: str) -> None:
    answer = owner.get(address)
    if answer.status_code != HTTPStatus.OK:
        raise SystemExit(f"{address} answered {answer.status_code}.")


def fill(size: int) -> "Shop":
    """Furnish the tour's shop, and add what makes it big."""
    from django.db import transaction
    from django.utils import timezone

    from tests.console import tour

    shop = tour.furnish()
    at = timezone.now()
    with transaction.atomic():
        _add_people(shop, size, at)
        _add_campaigns(shop, size, at)
        _add_talks(shop, size // 10, at)
        _add_plans(shop, at)
    return shop


def _run(query: str, **values: Any) -> None:  # Any: whatever the query binds
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_queries[query], values or None)


def _add_people(shop: "Shop", size: int, at: datetime) -> None:
    from django.db import connection

    from difusio.common.keyring import keyring
    from difusio.consent.models import Block, Tally, Topic, Wording
    from difusio.contacts.identities import PURPOSE
    from difusio.contacts.models import Contact

    keys = keyring()
    workspace = shop.workspace.pk
    first = Contact.objects.order_by("-id").values_list("id", flat=True)[0] + 1
    shop.ids |= {"first_id": first, "middle_id": first + size // 2}
    here: dict[str, Any] = {"workspace": workspace, "first": first, "people": size, "at": at}
    _run("add_contacts", **here)
    _run(
        "add_phones",
        **here,
        phones=keys.seal_all([f"+3460000{n:04d}".encode() for n in range(1_000)], purpose=PURPOSE),
        tails=[keys.tail(f"{n:04d}") for n in range(10_000)],
    )
    last = Block.objects.filter(workspace=workspace).order_by("-seq")[0]
    block = Block.objects.create(
        workspace_id=workspace,
        seq=last.seq + 1,
        entries=size,
        previous_hash=last.hash,
        hash=b"made up",
        at=at,
    )
    _run(
        "add_entries",
        **here,
        block=block.pk,
        offers=shop.ids["offers_id"],
        alerts=Topic.objects.exclude(pk=shop.ids["offers_id"]).filter(workspace=workspace)[0].pk,
        wording=Wording.objects.filter(workspace=workspace)[0].pk,
        proof=keys.seal(b"made up", purpose="consent.proof"),
    )
    _run("add_standings", block=block.pk)
    _run("add_suppressions", **here)
    _run("add_events", **here, events=size)
    Tally.objects.all().delete()
    counting = import_module("difusio.consent.migrations.0004_count_the_ledger").Migration.operations[0]
    with connection.cursor() as cursor:
        cursor.execute(counting.sql)


def _add_campaigns(shop: "Shop", size: int, at: datetime) -> None:
    """Launch 200, of which the newest still send; one finished one and one sending one have their deliveries."""
    from difusio.campaigns.models import RoundBatch
    from difusio.common.keyring import keyring
    from difusio.outbox.claim import CONTENT
    from difusio.outbox.models import Delivery, Tally
    from tests.console import cast

    batches: list[Batch] = []
    for place in range(_CAMPAIGNS):
        at_once = at - _CAMPAIGN_EVERY * (_CAMPAIGNS - place)
        batches.append(
            _launch(
                shop, f"Fornada {place}: novetats i ofertes", at_once, is_open=place >= _CAMPAIGNS - _SENDING
            )
        )
    Tally.objects.bulk_create(
        Tally(batch=batch, measure=measure, detail=detail, n=n)
        for batch in batches
        for (measure, detail), n in (
            (key if isinstance(key, tuple) else (key, ""), n) for key, n in cast.HALFWAY.items()
        )
    )
    content = keyring().seal(
        json.dumps({"values": {"first_name": "Ona", "grams": "500"}}).encode(), purpose=CONTENT
    )
    here = {"workspace": shop.workspace.pk, "first": shop.ids["first_id"], "at": at - timedelta(days=1)}
    for key, people, is_sending in (("big_id", size, False), ("big_sending_id", size // 5, True)):
        batch = _launch(shop, f"A tothom ({key})", at - timedelta(days=1), is_open=is_sending)
        _run(
            "add_deliveries",
            **here,
            batch=batch.pk,
            number=batch.number_id,
            people=people,
            is_sending=is_sending,
        )
        _run("add_attempts", batch=batch.pk, content=content)
        _run("count_deliveries", batch=batch.pk)
        shop.ids[key] = RoundBatch.objects.get(batch=batch).round.campaign_id
    shop.ids["middle_delivery_id"] = Delivery.objects.order_by("-id")[0].pk - size // 2


def _launch(shop: "Shop", name: str, at: datetime, *, is_open: bool) -> "Batch":
    """Launch a copy of the tour's campaign."""
    from difusio.campaigns.models import Round, RoundBatch

    old = RoundBatch.objects.select_related("batch", "variant", "round__campaign").get(
        round__campaign=int(shop.ids["campaign_id"])
    )
    campaign, variant, batch = old.round.campaign, old.variant, old.batch
    campaign.pk, campaign.name, campaign.created_at = None, name, at
    campaign.save()
    first = Round.objects.create(campaign=campaign, seq=1, launched_at=at, launched_by="Dana")
    variant.pk, variant.round = None, first
    variant.save()
    batch.pk, batch.created_at, batch.is_open = None, at, is_open
    batch.save()
    RoundBatch.objects.create(round=first, variant=variant, language="ca", batch=batch)
    return batch


def _add_talks(shop: "Shop", talks: int, at: datetime) -> None:
    from difusio.common.keyring import keyring
    from difusio.inbox.receive import TEXT

    here = {"workspace": shop.workspace.pk, "first": shop.ids["first_id"], "at": at, "talks": talks}
    text = keyring().seal(b"Encara us queden panellets?", purpose=TEXT)
    _run("add_conversations", **here, number=shop.ids["number_id"])
    _run("add_messages", **here, number=shop.ids["number_id"], text=text)
    _run("add_windows", first=shop.ids["first_id"])


def _add_plans(shop: "Shop", at: datetime) -> None:
    """Add segments, templates and what was imported."""
    from difusio.imports.models import Import
    from difusio.message_templates.models import Template
    from difusio.segments.models import Segment
    from tests.console import cast
    from tests.console.tour.segments import TREE

    Segment.objects.bulk_create(
        Segment(workspace=shop.workspace, name=f"Clients de mostra {n}", tree=TREE, created_at=at)
        for n in range(_SEGMENTS)
    )
    Template.objects.bulk_create(
        Template(
            workspace=shop.workspace,
            waba_id="20",
            meta_id=f"sample-{n}",
            name=f"fornada_{n}",
            language="ca",
            category="MARKETING",
            status="APPROVED",
            parameter_format="NAMED",
            components=cast.COMPONENTS,
            synced_at=at,
        )
        for n in range(_TEMPLATES)
    )
    Import.objects.bulk_create(
        Import(
            workspace=shop.workspace,
            kind="people",
            file_name=f"clients-{n}.csv",
            file_hash=b"",
            rows=100_000,
            taken=99_000,
            refused=1_000,
            contacts_new=99_000,
            entries=99_000,
            by="user 1",
            at=at,
        )
        for n in range(_IMPORTS)
    )


if __name__ == "__main__":
    main()
