"""What a number's sender asks of the store; every call runs in a thread that owns a connection."""

import os
from collections import deque
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.db import connection

from difusio.accounts.hold import is_held
from difusio.cloud_api.answers import Judgement
from difusio.cloud_api.transport import is_token
from difusio.cloud_api.verdicts import NOT_SENT
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.common.clock import now
from difusio.common.sealed import DamagedValueError, UnknownKeyError
from difusio.common.sentences import SentenceError
from difusio.inbox import leaving
from difusio.inbox.models import Message
from difusio.log.port import Lane as LogLane
from difusio.log.port import LogReader
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token
from difusio.outbox import batches, claim, lease, record
from difusio.outbox.claim import Claimed, Hold, OpenBatch
from difusio.outbox.models import Lane
from difusio.outbox.record import Outcome
from difusio.sending.pair_rate import EVERY_S, PairRate
from difusio.sending.rendering import Ready, Renderer
from difusio.sending.tries import Tries

# Marketing waits while an unread inbound message is older than this: it may be a STOP (design, invariant 6).
UNREAD_S = 5.0
# What stops a number for our own reasons; the pages have a sentence for each.
KEY_MISSING = "key_missing"
TOKEN_DAMAGED = "token_damaged"  # noqa: S105  # names a reason
# So long a batch is left alone whose portfolio has no room: looking for those who take no place costs as much as there
# are people who wait.
NO_ROOM_S = 5.0
# A refusal that may be repeated is repeated so often; then it is final.
_MOST_TRIES = 8
# What came of a request that was intended and never started: it may go out again.
UNSTARTED = Judgement(NOT_SENT)
_TOKEN_BYTES = 16
# A new owner looks among so many of the newest messages for those of the last seconds.
_LOOKED_BACK = 5_000
_LOOKED_BACK_FOR = timedelta(seconds=3)
# What is claimed starts up to a second later: two messages to one person are kept that much further apart.
_CLAIMED_AHEAD_S = 1.0


@dataclass(frozen=True, slots=True)
class SendingNumber:
    """A number as its sender needs it."""

    id: int
    workspace_id: int
    phone_number_id: str
    pace_per_s: int
    api_url: str
    api_version: str
    access_token: str = field(repr=False)
    access_token_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request and what came of it."""

    ready: Ready
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Refill:
    """ready: what may be posted, the fastest lane first.  pace_per_s: the number's now; None: nothing may leave.

    inbound: how many seconds ago each message came in of which the last refill did not know, falling.  is_full: there
    may be more to claim, if only because no more was wanted.
    """

    ready: Sequence[Ready] = ()
    pace_per_s: int | None = None
    inbound: Sequence[float] = ()
    is_full: bool = False


def sendable_numbers() -> list[SendingNumber]:
    """List the numbers from which something may leave; stop those whose token cannot be read.

    None in a restored store that nobody has let send.  Cost: 2 queries.
    """
    if is_held():
        return []
    sendable = []
    for number in Number.objects.filter(stopped_for="").order_by("id"):
        try:
            token = access_token(number)
        except UnknownKeyError:
            record.stop_number(number.pk, reason=KEY_MISSING, at=now())
            continue
        except DamagedValueError:
            token = ""
        if not is_token(token):
            record.stop_number(number.pk, reason=TOKEN_DAMAGED, at=now())
            continue
        sendable.append(
            SendingNumber(
                id=number.pk,
                workspace_id=number.workspace_id,
                phone_number_id=number.phone_number_id,
                pace_per_s=number.pace_per_s,
                api_url=number.api_url,
                api_version=number.api_version,
                access_token=token,
                access_token_sealed=bytes(number.access_token_sealed),
            )
        )
    return sendable


class Outbox:
    """One number's side of the outbox, with the batches' messages compiled once.

    Two callers share it, each one call at a time: who refills, and who records for all numbers of the process.
    """

    def __init__(self, number: SendingNumber, hold: Hold, log: LogReader) -> None:
        self._number = number
        self._hold = hold
        self._log = log
        self._renderers: dict[int, Renderer] = {}
        self._pairs = PairRate(EVERY_S + _CLAIMED_AHEAD_S)
        # Who was counted there and got nothing after all; told by the callers that find it out.
        self._unreached: deque[str] = deque()
        # Batches whose people just got something from another one → when they are claimed from again, monotonic.
        self._resting: dict[int, float] = {}
        self._tries = Tries()
        self._no_room_until: dict[int, float] = {}
        self._is_new_owner = True
        self._last_inbound = self._newest_inbound()
        # Only spreads retries in time; nothing secret hangs on it.
        self._random = Random(hold.epoch)  # noqa: S311

    def refill(self, *, bulk: int, urgent: int) -> Refill:
        """Claim and render up to so many bulk and so many more urgent deliveries, if the number may send at all."""
        pace_per_s = self._pace()
        if pace_per_s is None:
            return Refill()
        ready: list[Ready] = []
        open_batches = self._open_batches()
        for lane in sorted({batch.lane for batch in open_batches}):
            wanted = bulk if lane == Lane.BULK else urgent - len(ready)
            ready += self._claim_fairly([batch for batch in open_batches if batch.lane == lane], wanted)
        found = sum(item.lane == Lane.BULK for item in ready)
        return Refill(
            ready=ready,
            pace_per_s=pace_per_s,
            inbound=self._new_inbound(),
            is_full=bulk <= found or 0 < urgent <= len(ready) - found,
        )

    @property
    def known_batches(self) -> int:
        """Count the batches whose messages it keeps compiled."""
        return len(self._renderers)

    def give_back(self, ready: Iterable[Ready]) -> None:
        """Put what was claimed and not started back into the queue."""
        given = list(ready)
        claim.unclaim([item.intent.delivery_id for item in given], self._hold)
        self._unreached.extend(item.person for item in given)

    def outcomes(self, sent: Sequence[Sent]) -> list[Outcome]:
        """Say what to write down of each request."""
        return [self._outcome(item) for item in sent]

    def obey(self, sent: Sequence[Sent], *, at: datetime) -> None:
        """Stop what the verdicts say must stop."""
        for item in sent:
            verdict = item.judgement.verdict
            if verdict.outcome is Word.STOP_NUMBER:
                self.stop(str(verdict.code))
            elif verdict.outcome is Word.STOP_TEMPLATE:
                record.stop_template(item.ready.intent.delivery_id, reason=str(verdict.code), at=at)

    def stop(self, reason: str) -> None:
        """Let nothing more leave from the number until a person says so."""
        record.stop_number(self._number.id, reason=reason, at=now())

    def hold_back(self, why: str) -> None:
        """Show why nothing leaves for now; empty: it does again."""
        lease.hold_back(self._number.id, owner=self._hold.owner, epoch=self._hold.epoch, why=why)

    def renew(self) -> bool:
        """Keep the number; False: it is ours no longer."""
        return lease.renew(self._number.id, owner=self._hold.owner, epoch=self._hold.epoch)

    def release(self) -> None:
        """Give the number back."""
        lease.release(self._number.id, owner=self._hold.owner, epoch=self._hold.epoch)

    def _pace(self) -> int | None:
        """Give the number's pace, or None when it was stopped or changed; who takes it next reads it anew."""
        return (
            Number.objects.filter(
                pk=self._number.id,
                stopped_for="",
                api_url=self._number.api_url,
                access_token_sealed=self._number.access_token_sealed,
            )
            .values_list("pace_per_s", flat=True)
            .first()
        )

    def _open_batches(self) -> list[OpenBatch]:
        found = claim.open_batches(self._number.id, at=now())
        self._forget_all_but({batch.id for batch in found})
        if any(batch.is_marketing for batch in found) and self._unread_age() > UNREAD_S:
            found = [batch for batch in found if not batch.is_marketing]
        at = monotonic()
        return [batch for batch in found if self._resting.get(batch.id, at) <= at]

    def _forget_all_but(self, open_ids: AbstractSet[int]) -> None:
        """Let go of what was kept for batches that are done: each reply and each confirmation is one of its own."""
        for kept in (self._renderers, self._resting, self._no_room_until):
            for batch_id in kept.keys() - open_ids:
                del kept[batch_id]

    def _claim_fairly(self, peers: Sequence[OpenBatch], wanted: int) -> list[Ready]:
        """Claim from the campaigns of one lane in equal shares, and so from the batches of each, one for a language."""
        campaigns: dict[datetime, list[OpenBatch]] = {}
        for batch in peers:
            campaigns.setdefault(batch.made_at, []).append(batch)
        ready: list[Ready] = []
        for place, versions in enumerate(campaigns.values()):
            so_far, share = len(ready), _share(wanted - len(ready), len(campaigns) - place)
            for number, batch in enumerate(versions):
                part = _share(share - (len(ready) - so_far), len(versions) - number)
                if part > 0 and monotonic() >= self._no_room_until.get(batch.id, 0.0):
                    ready += self._claim(batch, part, has_peers=len(peers) > 1)
        return ready

    def _claim(self, batch: OpenBatch, limit: int, *, has_peers: bool) -> list[Ready]:
        renderer = self._renderers.get(batch.id)
        if renderer is None:
            try:
                renderer = self._renderers[batch.id] = Renderer.of(batch)
            except UnknownKeyError:
                raise
            except SentenceError:
                # The template changed under the batch: a person must look, nobody gets half a message.
                batches.pause([batch.id], reason="template_changed", at=now())
                return []
        taken = claim.claim(batch, self._hold, limit=limit, at=now())
        if taken.is_out_of_room:
            self._no_room_until[batch.id] = monotonic() + NO_ROOM_S
        timely = self._timely(batch, taken.claimed, has_peers=has_peers)
        rendered = [
            (item, renderer.ready(item, token))
            for item, token in zip(timely, _tokens(len(timely)), strict=True)
        ]
        reasons = {item.delivery_id: result for item, result in rendered if isinstance(result, str)}
        if reasons:
            claim.skip_claimed(reasons, self._hold)
        return [result for _, result in rendered if isinstance(result, Ready)]

    def _timely(self, batch: OpenBatch, claimed: Sequence[Claimed], *, has_peers: bool) -> list[Claimed]:
        """Leave those for later who got something from this number a moment ago."""
        while self._unreached:
            self._pairs.untake(self._unreached.popleft())
        at = monotonic()
        is_reply = batch.lane == Lane.REPLY
        # Whoever has no address is skipped when the message is filled, and need not wait for anybody.
        waits = [
            self._pairs.take(item.address, at, may_borrow=is_reply) if item.address else 0.0
            for item in claimed
        ]
        longest = max(waits, default=0.0)
        if not longest:
            return list(claimed)
        early = [item.delivery_id for item, wait_s in zip(claimed, waits, strict=True) if wait_s]
        claim.postpone(early, self._hold, until=now() + timedelta(seconds=longest))
        if has_peers and 2 * len(early) > len(claimed):
            # Two campaigns walk through the same people side by side: let one fall behind, and they never meet again.
            self._resting[batch.id] = at + longest
        return [item for item, wait_s in zip(claimed, waits, strict=True) if not wait_s]

    def _outcome(self, item: Sent) -> Outcome:
        verdict, accepted = item.judgement.verdict, item.judgement.accepted
        if accepted is None and verdict.outcome is not Word.IN_DOUBT:
            self._unreached.append(item.ready.person)
        delivery_id = item.ready.intent.delivery_id
        word, retry_at = str(verdict.outcome), None
        if verdict.outcome is Word.RETRY:
            scope = verdict.scope
            tries = self._tries.count(delivery_id, item.ready.intent.token, scope=scope, now=monotonic())
            # What is refused for the number's sake says nothing about the person.
            if tries >= _MOST_TRIES and scope == "delivery":
                word = str(Word.GIVE_UP)
            else:
                wait_s = verdict.wait_after(tries - 1) * self._random.uniform(1.0, 1.2)
                retry_at = now() + timedelta(seconds=wait_s)
        refusal = item.judgement.refusal
        return Outcome(
            token=item.ready.intent.token,
            outcome=word,
            http_status=refusal.http_status if refusal else None,
            code=verdict.code,
            wamid=accepted.wamid if accepted else "",
            retry_at=retry_at,
        )

    def _unread_age(self) -> float:
        with connection.cursor() as cursor:
            return self._log.oldest_unread_age(cursor, LogLane.INBOUND, now())

    def _new_inbound(self) -> list[float]:
        """Tell how long ago the messages came in that are new: Meta's throughput counts them too."""
        at = now()
        found = Message.objects.filter(number_id=self._number.id)
        if self._is_new_owner:
            self._is_new_owner = False
            found = found.filter(
                id__gt=self._last_inbound - _LOOKED_BACK, received_at__gt=at - _LOOKED_BACK_FOR
            )
        else:
            found = found.filter(id__gt=self._last_inbound)
        rows = list(found.order_by("received_at", "id").values_list("id", "received_at"))
        self._last_inbound = max((self._last_inbound, *(message_id for message_id, _ in rows)))
        return [(at - received_at).total_seconds() for _, received_at in rows]

    def _newest_inbound(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM inbox_message")
            return int(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Turn:
    """What one number wants to start now."""

    hold: Hold
    ready: Sequence[Ready]


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of one number's requests."""

    outbox: Outbox
    sent: Sequence[Sent]


def intend(turns: Sequence[Turn]) -> list[set[int]]:
    """Make the intents of many numbers durable in one commit; give for each turn the deliveries that may be posted."""
    allowed = claim.intend(
        [item.intent for turn in turns for item in turn.ready],
        [turn.hold for turn in turns],
        deadline_s=settings.DIFUSIO_REQUEST_S,
        at=now(),
    )
    return [{item.intent.delivery_id for item in turn.ready} & allowed for turn in turns]


def write_down(kept: Sequence[Kept]) -> list[None]:
    """Write the verdicts of many numbers back in one commit, and stop or withdraw what they say."""
    at = now()
    outcomes = [outcome for one in kept for outcome in one.outbox.outcomes(one.sent)]
    # First: what was recorded is not looked at again, and a withdrawal must not be lost between the two.
    for workspace_id, contact_id in record.withdrawing(outcomes):
        leaving.left_at_meta(contact_id, workspace_id=workspace_id, at=at)
    record.record(outcomes, at=at)
    for one in kept:
        one.outbox.obey(one.sent, at=at)
    return [None] * len(kept)


def _share(wanted: int, among: int) -> int:
    return -(-wanted // among)


def _tokens(count: int) -> list[UUID]:
    """Make random tokens; the system is asked for randomness once."""
    noise = os.urandom(_TOKEN_BYTES * count)
    return [
        UUID(bytes=noise[begin : begin + _TOKEN_BYTES], version=4)
        for begin in range(0, len(noise), _TOKEN_BYTES)
    ]
