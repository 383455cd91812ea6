"""The drain: take raw webhooks from the log, fold what they say into the store, inbound messages first."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from threading import Event
from time import monotonic

import structlog
from django.db import connection, transaction
from django.db.models import Q

from difusio.cloud_api.news import (
    IdentityChange,
    InboundMessage,
    News,
    NumberNews,
    Poison,
    Preference,
    StatusUpdate,
    TemplateNews,
    Unknown,
)
from difusio.cloud_api.webhooks import event_key, key_prefix, named, read_webhook
from difusio.common import counters
from difusio.common.binding import binding_cursor, listed
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.common.store import STORE_AWAY, forget_connection, is_away
from difusio.inbox.follow import follow
from difusio.inbox.heed import heed
from difusio.inbox.receive import Arrived, prefer, receive
from difusio.log.port import FOREIGN, Lane, LogReader, Post
from difusio.message_templates.hear import hear
from difusio.numbers.limit import hear_limit
from difusio.numbers.models import Number
from difusio.outbox.fold import Heard, fold
from difusio.outbox.record import stop_number
from difusio.outbox.tallies import together

_queries = Queries(Path(__file__).with_suffix(".sql"))
_log = structlog.get_logger("difusio.receiving")

# Posts a transaction: inbound few, so that a STOP is in force at once; statuses many, because they come in floods.
INBOUND_POSTS = 20
STATUS_POSTS = 500
STATUS_THREADS = 2
_IDLE_S = 0.1
_AWAY_S = 0.5
_TIDY_S = 600.0
# Raw webhooks can be replayed for a month (consent rules, 36); Meta repeats itself for a week.
_POSTS_KEPT = timedelta(days=30)
_KEYS_KEPT = timedelta(days=8)
_FORGET_POSTS = 10_000

# Our callback data: a UUID's 32 digits.
_TOKEN = re.compile("[0-9a-f]{32}")
_OfSomebody = StatusUpdate | InboundMessage | Preference | IdentityChange | TemplateNews | NumberNews


@dataclass(frozen=True, slots=True)
class Drained:
    """posts: taken from the log; statuses, messages: what they held, repetitions included; poison: set aside.

    is_away: the store did not answer, so that nothing was taken.
    """

    posts: int
    statuses: int = 0
    messages: int = 0
    poison: int = 0
    is_away: bool = False


def run(log: LogReader, stop: Event) -> None:
    """Drain until ``stop`` is set; what was not committed by then is taken again by the next drain.

    What people say has a thread of its own, so that a STOP never waits behind a flood of statuses.  Of those two
    batches are under way at a time: one is read while PostgreSQL folds the other.
    """
    loops = [lambda: _keep_inbound(log, stop), *[lambda: _keep_statuses(log, stop)] * STATUS_THREADS]
    with ThreadPoolExecutor(len(loops), thread_name_prefix="drain") as threads:
        running = [threads.submit(_until_it_ends, loop, stop) for loop in loops]
    for one in running:
        one.result()


def _until_it_ends(loop: Callable[[], None], stop: Event) -> None:
    """Run one of the threads; when one fails all end, and the process says why."""
    try:
        loop()
    finally:
        stop.set()
        connection.close()


def _keep_inbound(log: LogReader, stop: Event) -> None:
    tidied = float("-inf")
    while not stop.is_set():
        if monotonic() - tidied > _TIDY_S:
            tidy(log, at=now())
            tidied = monotonic()
        _rest(drain(log, lane=Lane.INBOUND, limit=INBOUND_POSTS), stop)


def _keep_statuses(log: LogReader, stop: Event) -> None:
    while not stop.is_set():
        _rest(drain(log, lane=Lane.STATUSES, limit=STATUS_POSTS), stop)


def _rest(after: Drained, stop: Event) -> None:
    if not after.posts:
        stop.wait(_AWAY_S if after.is_away else _IDLE_S)


def tidy(log: LogReader, *, at: datetime) -> None:
    """Forget raw posts and event keys that have served their time.  Safe to repeat."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            log.forget(cursor, at - _POSTS_KEPT, _FORGET_POSTS)
            cursor.execute(_queries["forget"], {"before": key_prefix(int((at - _KEYS_KEPT).timestamp()))})
    except STORE_AWAY:
        _log.warning("drain.store_away")
        forget_connection()


def drain(log: LogReader, *, lane: Lane, limit: int) -> Drained:
    """Fold up to ``limit`` posts of a lane in one transaction.

    A batch that fails is tried again post by post, and a post that fails three times is set aside: one that
    cannot be folded never holds up the others.
    """
    try:
        return _together(log, lane=lane, limit=limit)
    except Exception as error:  # noqa: BLE001  # whatever it is, it must not hold up the other posts; it is logged
        if is_away(error):
            # Or two transactions met: nothing was committed, the next round takes them again.
            _log.warning("drain.store_away", lane=lane.name.lower())
            forget_connection()
            return Drained(0, is_away=True)
        _log.exception("drain.batch_failed", lane=lane.name.lower())
        return _one_by_one(log, lane=lane, limit=limit)


def _together(log: LogReader, *, lane: Lane, limit: int) -> Drained:
    at = now()
    with log.turn(), transaction.atomic(), binding_cursor() as cursor, together(cursor):
        cursor.execute(_queries["by_key"])
        posts = log.take(cursor, lane, limit)
        drained = _fold_posts(log, posts, at=at)
        if posts:
            log.settle(cursor, [post.id for post in posts], at)
    return drained


def _one_by_one(log: LogReader, *, lane: Lane, limit: int) -> Drained:
    done = Drained(0)
    for _ in range(limit):
        post: Post | None = None
        try:
            with log.turn(), transaction.atomic(), connection.cursor() as cursor, together(cursor):
                post = next(iter(log.take(cursor, lane, 1)), None)
                if post is None:
                    break
                _fold_posts(log, [post], at=now())
                log.settle(cursor, [post.id], now())
        except Exception as error:
            if is_away(error):
                break
            if post is None:
                raise
            _log.exception("drain.post_failed", post=post.id)
            with log.turn(), transaction.atomic(), connection.cursor() as cursor:
                reason = f"folding failed: {type(error).__name__}"
                log.note_failure(cursor, post.id, reason, named(post.body))
        done = Drained(done.posts + 1)
    return done


def _fold_posts(log: LogReader, posts: Sequence[Post], *, at: datetime) -> Drained:
    heard = _read(posts)
    known = _Known(heard.numbers, heard.accounts)
    for post in posts:
        reason = heard.poisoned.get(post.id) or ("" if heard.whom[post.id] <= known.ids else FOREIGN)
        if reason:
            with connection.cursor() as cursor:
                log.quarantine(cursor, post.id, reason, named(post.body))
            _log.warning("drain.poison", post=post.id, reason=reason)
    _fold_statuses({key: news for key, news in heard.statuses.items() if known.has(news)}, at=at)
    others = [(news, received_at) for news, received_at in heard.others if known.has(news)]
    # As of when it came, not of when we got round to it: so a replay says the same.
    messages = 0
    for are_messages, run in groupby(others, key=lambda other: isinstance(other[0], InboundMessage)):
        if are_messages:
            messages += len(receive(_arrived(run, known)))
        else:
            for news, received_at in run:
                _apply(news, known, at=received_at)
    drained = Drained(len(posts), len(heard.statuses), messages, len(heard.poisoned))
    if posts:
        _count(drained, posts[0].lane, heard.statuses.values(), at=at)
    return drained


def _count(drained: Drained, lane: Lane, statuses: Iterable[StatusUpdate], *, at: datetime) -> None:
    """Count for the operators what was folded; a transaction that is undone afterwards is counted again."""
    counters.FOLDED_POSTS.add(lane.name.lower(), n=drained.posts)
    counters.INBOUND.add(n=drained.messages)
    counters.SET_ASIDE.add(n=drained.poison)
    for word, n in Counter(status.status for status in statuses).items():
        counters.STATUSES.add(word, n=n)
    counters.WEBHOOK_DELAY.observe(*((at - status.at).total_seconds() for status in statuses))


class _Read:
    """What posts say, and of whom."""

    def __init__(self) -> None:
        self.statuses: dict[bytes, StatusUpdate] = {}
        self.others: list[tuple[News, datetime]] = []
        self.poisoned: dict[int, str] = {}
        self.numbers: set[str] = set()
        self.accounts: set[str] = set()
        self.whom: dict[int, set[str]] = {}


def _read(posts: Sequence[Post]) -> _Read:
    read = _Read()
    secret = keyring().lookup
    for post in posts:
        whom = read.whom[post.id] = set()
        for news in read_webhook(post.body):
            if isinstance(news, StatusUpdate):
                read.statuses[event_key(news, key=secret)] = news
            elif isinstance(news, Poison):
                read.poisoned.setdefault(post.id, news.reason)
                continue
            elif isinstance(news, Unknown):
                continue
            else:
                read.others.append((news, post.received_at))
            whom.add(_whom(news))
            (read.accounts if isinstance(news, NumberNews | TemplateNews) else read.numbers).add(_whom(news))
    return read


def _whom(news: _OfSomebody) -> str:
    """Give Meta's id of the number, or of the account, that news are about."""
    return news.waba_id if isinstance(news, NumberNews | TemplateNews) else news.phone_number_id


def _fold_statuses(statuses: dict[bytes, StatusUpdate], *, at: datetime) -> None:
    if not statuses:
        return
    with binding_cursor() as cursor:
        cursor.execute(_queries["remember"], {"keys": listed(sorted(statuses)), "at": at})
        new = {bytes(row[0]) for row in cursor.fetchall()}
    folded = fold([_heard(key, statuses[key]) for key in statuses if key in new], at=at)
    heed(folded.failed, at=at)


def _heard(key: bytes, status: StatusUpdate) -> Heard:
    # What somebody else sent on the same number carries another token, or none.
    token = status.token if status.token and _TOKEN.fullmatch(status.token) else None
    return Heard(
        event_key=key,
        phone_number_id=status.phone_number_id,
        wamid=status.wamid or "",
        token=token,
        status=status.status,
        code=status.error_code,
        at=status.at,
    )


class _Known:
    """The numbers and accounts of this installation that news speak of.  Cost: 1 query."""

    def __init__(self, phone_number_ids: AbstractSet[str], waba_ids: AbstractSet[str]) -> None:
        asked = Number.objects.filter(Q(phone_number_id__in=phone_number_ids) | Q(waba_id__in=waba_ids))
        self._numbers = {number.phone_number_id: number for number in asked.defer("access_token_sealed")}
        self.ids = self._numbers.keys() | {number.waba_id for number in self._numbers.values()}

    def __getitem__(self, phone_number_id: str) -> Number:
        return self._numbers[phone_number_id]

    def has(self, news: News) -> bool:
        """Say whether news are about somebody here."""
        return not isinstance(news, Unknown | Poison) and _whom(news) in self.ids


def _arrived(run: Iterable[tuple[News, datetime]], known: _Known) -> list[Arrived]:
    return [
        Arrived(news, known[news.phone_number_id], at) for news, at in run if isinstance(news, InboundMessage)
    ]


def _apply(news: News, known: _Known, *, at: datetime) -> None:
    if isinstance(news, IdentityChange):
        follow(news, workspace_id=known[news.phone_number_id].workspace_id, at=at)
    elif isinstance(news, Preference):
        prefer(news, number=known[news.phone_number_id], at=at)
    elif isinstance(news, TemplateNews):
        hear(news, at=at)
    elif isinstance(news, NumberNews):
        _number_news(news, at=at)


def _number_news(news: NumberNews, *, at: datetime) -> None:
    numbers = Number.objects.filter(waba_id=news.waba_id)
    if news.phone_number_id:
        numbers = numbers.filter(phone_number_id=news.phone_number_id)
    elif news.kind == "quality":
        # Meta names the number by its digits only.
        shown = _digits(news.number or "")
        ids = [pk for pk, phone in numbers.values_list("id", "display_phone") if _digits(phone) == shown]
        if not ids:
            _log.warning("drain.number_unknown", account=news.waba_id, news=news.event)
        numbers = numbers.filter(pk__in=ids)
    if news.daily_limit is not None:
        hear_limit(set(numbers.values_list("portfolio", flat=True)), news.daily_limit, at=at, told_at=news.at)
    if news.event == "THROUGHPUT_UPGRADE":
        # A number that the Business app shares is never raised.
        told_at = news.at or at
        not_newer = Q(pace_told_at__isnull=False, pace_told_at__gte=told_at)
        raised = numbers.filter(is_on_business_app=False).exclude(not_newer)
        raised.update(pace_per_s=1_000, pace_told_at=told_at)
    if news.event in {"DISABLED_UPDATE", "ACCOUNT_RESTRICTION", "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"}:
        for number_id in numbers.values_list("id", flat=True):
            stop_number(number_id, reason=news.event.lower(), at=at, told_at=news.at)


def _digits(phone: str) -> str:
    return "".join(filter(str.isdecimal, phone))
