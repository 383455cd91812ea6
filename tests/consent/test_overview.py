"""What the tallies say is what the ledger says, whatever was appended."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from difusio.consent.check import ask, is_given_up, latest, latest_ended
from difusio.consent.leave import leave
from difusio.consent.ledger import NewEntry, append
from difusio.consent.models import Act, Basis, Entry, Measure, Standing, Tally
from difusio.consent.overview import Ageing, ageing, sources, topics, weeks, wordings
from difusio.consent.wordings import ensure_wording
from difusio.work.worker import work_once
from tests import cast
from tests.cast import NOON, Shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def ona() -> Shop:
    return cast.shop()


def _told(measure: str) -> Counter[tuple[object, ...]]:
    rows = Tally.objects.filter(measure=measure).values_list("topic_id", "detail", "act", "n")
    return Counter({(topic, detail, act): n for topic, detail, act, n in rows if n})


def it_counts_what_the_ledger_says_whatever_is_appended(ona: Shop) -> None:
    dice = Random(5)
    people = [cast.person(ona, f"N{place}").pk for place in range(12)]
    words = [ensure_wording(ona.workspace.pk, language="ca", text=text) for text in ("Sí", "D'acord", "Vull")]
    for _ in range(30):
        append(
            [
                NewEntry(
                    contact_id=dice.choice(people),
                    topic_id=dice.choice([ona.offers.pk, ona.alerts.pk]),
                    act=(act := dice.choice(list(Act))),
                    basis=Basis.CONSENT,
                    wording_id=dice.choice(words) if act in {Act.GRANTED, Act.RENEWED} else None,
                    source=dice.choice(["counter", "web"]),
                    proof=b"a form",
                    actor="test",
                    at=NOON - timedelta(hours=dice.randrange(200)),
                )
                for _ in range(dice.randrange(1, 9))
            ],
            workspace_id=ona.workspace.pk,
            at=NOON,
        )

    zone = ZoneInfo(ona.workspace.time_zone)
    entries = list(Entry.objects.values_list("topic_id", "at", "source", "act"))
    assert _told(Measure.DAY) == Counter(
        (t, f"{at.astimezone(zone):%Y-%m-%d}", act) for t, at, _, act in entries
    )
    assert _told(Measure.SOURCE) == Counter((t, source, act) for t, _, source, act in entries)
    live = Standing.objects.filter(may_write=True).values_list("topic_id", "entry__wording_id")
    assert _told(Measure.STANDING) == Counter((t, "", "") for t, _ in live)
    assert _told(Measure.WORDING) == Counter((t, str(w), "") for t, w in live)


def it_counts_a_ledger_that_was_there_before_the_tallies(ona: Shop) -> None:
    from importlib import import_module

    cast.agreed(ona)
    _leave(ona, cast.agreed(ona, "Bilal").pk)
    before = {measure: _told(measure) for measure in Measure.values}
    Tally.objects.all().delete()

    with connection.cursor() as cursor:
        cursor.execute(import_module("difusio.consent.migrations.0004_count_the_ledger")._COUNT)

    assert {measure: _told(measure) for measure in Measure.values} == before


def _leave(ona: Shop, contact_id: int) -> None:
    leave(
        contact_id,
        workspace_id=ona.workspace.pk,
        source="shop",
        proof=b"said so",
        actor="Dana",
        at=NOON,
        recorded_at=NOON,
    )


def it_tells_weeks_topics_sources_and_wordings(ona: Shop) -> None:
    cast.agreed(ona)
    bilal = cast.agreed(ona, "Bilal")
    _leave(ona, bilal.pk)

    found = weeks(ona.workspace, at=NOON)
    assert (len(found), found[0].monday, found[-1].monday) == (12, date(2026, 8, 31), date(2026, 11, 16))
    assert [(week.granted, week.left) for week in found if week.granted or week.left] == [(2, 0), (0, 1)]
    offers = next(one for one in topics(ona.workspace) if one.topic == ona.offers)
    assert (offers.people, offers.granted, offers.left) == (1, 2, 1)
    assert [(one.source, one.is_leaving, one.n) for one in sources(ona.workspace)] == [
        ("test", False, 2),
        ("shop", True, 1),
    ]
    assert [(one.wording.language, one.people) for one in wordings(ona.workspace)] == [("ca", 1)]


def it_puts_a_night_in_the_week_of_the_shop(ona: Shop) -> None:
    asha = cast.person(ona, "Asha")
    # Sunday 23:30 in UTC is Monday in Madrid.
    cast.say(ona, asha, Act.GRANTED, at=datetime.fromisoformat("2026-11-15T23:30:00+00:00"))

    assert [week.granted for week in weeks(ona.workspace, at=NOON, n=2)] == [0, 1]


def it_counts_what_grows_old(ona: Shop) -> None:
    for months in (1, 20, 22, 23, 25):
        cast.say(ona, cast.person(ona, f"N{months}"), Act.GRANTED, at=NOON - timedelta(days=months * 30.6))

    assert ageing(ona.workspace, at=NOON) == Ageing(old=1, ageing=2)


def it_checks_the_ledger_as_a_job_and_remembers_what_it_found(ona: Shop) -> None:
    cast.agreed(ona)
    check = ask(ona.workspace.pk, by="Dana", at=NOON)
    assert ask(ona.workspace.pk, by="Dana", at=NOON) == check
    assert latest_ended(ona.workspace.pk) is None

    work_once(owner="test")

    found = latest_ended(ona.workspace.pk)
    assert found == latest(ona.workspace.pk)
    assert found is not None
    assert (found.entries, found.blocks, found.holds, is_given_up(found)) == (1, 1, True, False)


def it_finds_what_was_changed(ona: Shop) -> None:
    cast.agreed(ona)
    with connection.cursor() as cursor:
        # What is deferred must be done before a table is altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_entry DISABLE TRIGGER consent_entry_append_only")
        cursor.execute("UPDATE consent_entry SET source = 'another'")
        cursor.execute("ALTER TABLE consent_entry ENABLE TRIGGER consent_entry_append_only")

    ask(ona.workspace.pk, by="Dana", at=NOON)
    work_once(owner="test")

    found = latest_ended(ona.workspace.pk)
    assert found is not None
    assert (found.holds, found.damaged_entries) == (False, 1)
