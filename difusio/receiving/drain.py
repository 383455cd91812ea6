"""The drain: take raw webhooks from the log, fold what they say into the store, inbound messages first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import UUID

import structlog
from django.db import connection, transaction

from difusio.cloud_api.news import (
    IdentityChange,
    InboundMessage,
    News,
    NumberNews,
    Poison,
    Preference,
    StatusUpdate,
    TemplateNews,
)
from difusio.cloud_api.verdicts import Outcome, failed_later
from difusio.cloud_api.webhooks import event_key, read_webhook
from difusio.common.binding import binding_cursor
from difusio.common.clock import now
from difusio.common.keyring import keyring
from difusio.common.sql import Queries
from difusio.common.store import STORE_AWAY, forget_connection
from difusio.inbox.follow import follow
from difusio.inbox.leaving import left_at_meta
from difusio.inbox.receive import prefer, receive
from difusio.log.port import Lane, LogReader, Post
from difusio.message_templates.hear import hear
from difusio.numbers.limit import hear_limit
from difusio.numbers.models import Number
from difusio.outbox import room
from difusio.outbox.fold import Heard, fold
from difusio.outbox.models import Delivery
from difusio.outbox.record import stop_number

_queries = Queries(Path(__file__).with_suffix(".sql"))
_log = structlog.get_logger("difusio.receiving")

# Posts a transaction: inbound few, so that a STOP is in force at once; statuses many, because they come in floods.
INBOUND_POSTS = 20
STATUS_POSTS = 300
_IDLE_S = 0.1
_TIDY_S = 600.0
# Raw webhooks can be replayed for a month (consent rules, 36); Meta repeats itself for a week.
_POSTS_KEPT = timedelta(days=30)
_KEYS_KEPT = timedelta(days=8)
_FORGET_POSTS = 10_000


@dataclass(frozen=True, slots=True)
class Drained:
    """posts: taken from the log; statuses, messages: what they held, repetitions included; poison: set aside."""

    posts: int
    statuses: int = 0
    messages: int = 0
    poison: int = 0


def run(log: LogReader, stop: Event) -> None:
    """Drain until ``stop`` is set; what was not committed by then is taken again by the next drain."""
    tidied = float("-inf")
    while not stop.is_set():
        if monotonic() - tidied > _TIDY_S:
            tidy(log, at=now())
            tidied = monotonic()
        inbound = drain(log, lane=Lane.INBOUND, limit=INBOUND_POSTS)
        statuses = (
            drain(log, lane=Lane.STATUSES, limit=STATUS_POSTS)
            if inbound.posts < INBOUND_POSTS
            else Drained(0)
        )
        if not inbound.posts and not statuses.posts:
            stop.wait(_IDLE_S)


def tidy(log: LogReader, *, at: datetime) -> None:
    """Forget raw posts and event keys that have served their time.  Safe to repeat."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            log.forget(cursor, at - _POSTS_KEPT, _FORGET_POSTS)
            cursor.execute(_queries["forget"], {"before": at - _KEYS_KEPT})
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
    except STORE_AWAY:
        # The store is away, or two transactions met: nothing was committed, the next round takes them again.
        _log.warning("drain.store_away", lane=lane)
        forget_connection()
        return Drained(0)
    except Exception:  # noqa: BLE001  # whatever it is, it must not hold up the other posts; it is logged
        _log.exception("drain.batch_failed", lane=lane)
        return _one_by_one(log, lane=lane, limit=limit)


def _together(log: LogReader, *, lane: Lane, limit: int) -> Drained:
    at = now()
    with log.turn(), transaction.atomic(), binding_cursor() as cursor:
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
            with log.turn(), transaction.atomic(), connection.cursor() as cursor:
                post = next(iter(log.take(cursor, lane, 1)), None)
                if post is None:
                    break
                _fold_posts(log, [post], at=now())
                log.settle(cursor, [post.id], now())
        except STORE_AWAY:
            break
        except Exception as error:
            if post is None:
                raise
            _log.exception("drain.post_failed", post=post.id)
            with log.turn(), transaction.atomic(), connection.cursor() as cursor:
                log.note_failure(cursor, post.id, f"folding failed: {type(error).__name__}")
        done = Drained(done.posts + 1)
    return done


def _fold_posts(log: LogReader, posts: Sequence[Post], *, at: datetime) -> Drained:
    statuses: dict[bytes, StatusUpdate] = {}
    others: list[News] = []
    poisoned: dict[int, str] = {}
    secret = keyring().lookup
    for post in posts:
        for news in read_webhook(post.body):
            if isinstance(news, StatusUpdate):
                statuses[event_key(news, key=secret)] = news
            elif isinstance(news, Poison):
                poisoned.setdefault(post.id, news.reason)
            else:
                others.append(news)
    for post_id, reason in poisoned.items():
        with connection.cursor() as cursor:
            log.quarantine(cursor, post_id, reason)
        _log.warning("drain.poison", post=post_id, reason=reason)
    _fold_statuses(statuses, at=at)
    numbers = _Numbers()
    for news in others:
        _apply(news, numbers, at=at)
    messages = sum(isinstance(news, InboundMessage) for news in others)
    return Drained(len(posts), len(statuses), messages, len(poisoned))


def _fold_statuses(statuses: dict[bytes, StatusUpdate], *, at: datetime) -> None:
    if not statuses:
        return
    with binding_cursor() as cursor:
        cursor.execute(_queries["remember"], {"keys": sorted(statuses), "at": at})
        new = {bytes(row[0]) for row in cursor.fetchall()}
    folded = fold([_heard(key, statuses[key]) for key in statuses if key in new], at=at)
    if turned_down := [contact_id for contact_id, code in folded.failed if code == room.TURNED_DOWN]:
        room.rest(turned_down, at=at)
    for contact_id, code in folded.failed:
        if failed_later(code).outcome is Outcome.WITHDRAW_CONSENT:
            workspace_id = Delivery.objects.filter(contact_id=contact_id).values_list(
                "workspace_id", flat=True
            )[0]
            left_at_meta(contact_id, workspace_id=workspace_id, at=at)


def _heard(key: bytes, status: StatusUpdate) -> Heard:
    return Heard(
        event_key=key,
        phone_number_id=status.phone_number_id,
        wamid=status.wamid or "",
        token=_token(status.token),
        status=status.status,
        code=status.error_code,
        at=status.at,
    )


def _token(text: str | None) -> UUID | None:
    """Read our callback token; what somebody else sent on the same number carries another or none."""
    try:
        return UUID(hex=text) if text else None
    except ValueError:
        return None


class _Numbers:
    """The numbers that news speak of, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, Number | None] = {}

    def __getitem__(self, phone_number_id: str) -> Number | None:
        if phone_number_id not in self._known:
            self._known[phone_number_id] = Number.objects.filter(phone_number_id=phone_number_id).first()
        return self._known[phone_number_id]


def _apply(news: News, numbers: _Numbers, *, at: datetime) -> None:
    if isinstance(news, InboundMessage | Preference | IdentityChange):
        number = numbers[news.phone_number_id]
        if number is None:
            _log.warning("drain.foreign_number")
        elif isinstance(news, InboundMessage):
            receive(news, number=number, at=at)
        elif isinstance(news, IdentityChange):
            follow(news, workspace_id=number.workspace_id, at=at)
        else:
            prefer(news, number=number, at=at)
    elif isinstance(news, TemplateNews):
        hear(news, at=at)
    elif isinstance(news, NumberNews):
        _number_news(news, at=at)


def _number_news(news: NumberNews, *, at: datetime) -> None:
    numbers = Number.objects.filter(waba_id=news.waba_id)
    if news.phone_number_id:
        numbers = numbers.filter(phone_number_id=news.phone_number_id)
    if news.daily_limit is not None:
        hear_limit(set(numbers.values_list("portfolio", flat=True)), news.daily_limit, at=at)
    if news.event == "THROUGHPUT_UPGRADE":
        numbers.update(pace_per_s=1_000)
    if news.event in {"DISABLED_UPDATE", "ACCOUNT_RESTRICTION", "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED"}:
        for number_id in numbers.values_list("id", flat=True):
            stop_number(number_id, reason=news.event.lower(), at=at)
