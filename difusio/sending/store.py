"""What a sender asks of the store; every call runs in the one thread that owns the connection."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID

from django.db import connection

from difusio.accounts.hold import is_held
from difusio.cloud_api.answers import Judgement
from difusio.cloud_api.verdicts import NOT_SENT
from difusio.cloud_api.verdicts import Outcome as Word
from difusio.common.clock import now
from difusio.common.sentences import SentenceError
from difusio.inbox import leaving
from difusio.inbox.models import Message
from difusio.log.port import Lane, LogReader
from difusio.numbers.models import Number
from difusio.numbers.secrets import access_token
from difusio.outbox import batches, claim, lease, record
from difusio.outbox.claim import Hold, OpenBatch
from difusio.outbox.record import Outcome
from difusio.sending.rendering import Ready, Renderer

# Marketing waits while an unread inbound message is older than this: it may be a STOP (design, invariant 6).
UNREAD_S = 5.0
# A refusal that may be repeated is repeated so often; then it is final.
_MOST_TRIES = 8
# What came of a request that was intended and never started: it may go out again.
UNSTARTED = Judgement(NOT_SENT)
_TOKEN_BYTES = 16


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


def sendable_numbers() -> list[SendingNumber]:
    """List the numbers from which something may leave; none in a restored store that nobody has let send.

    Cost: 2 queries.
    """
    if is_held():
        return []
    return [
        SendingNumber(
            id=number.pk,
            workspace_id=number.workspace_id,
            phone_number_id=number.phone_number_id,
            pace_per_s=number.pace_per_s,
            api_url=number.api_url,
            api_version=number.api_version,
            access_token=access_token(number),
            access_token_sealed=bytes(number.access_token_sealed),
        )
        for number in Number.objects.filter(stopped_for="").order_by("id")
    ]


class Outbox:
    """One number's side of the outbox, with the batches' messages compiled once."""

    def __init__(self, number: SendingNumber, hold: Hold, log: LogReader) -> None:
        self._number = number
        self._hold = hold
        self._log = log
        self._renderers: dict[int, Renderer] = {}
        self._tries: dict[int, int] = {}
        self._last_inbound = self._newest_inbound()
        # Only spreads retries in time; nothing secret hangs on it.
        self._random = Random(hold.epoch)  # noqa: S311

    def fill_up(self, wanted: int) -> list[Ready]:
        """Claim and render up to ``wanted`` deliveries: lanes in order, the batches of a lane in equal shares."""
        at = now()
        open_batches = claim.open_batches(self._number.id, at=at)
        if any(batch.is_marketing for batch in open_batches) and self._unread_age() > UNREAD_S:
            open_batches = [batch for batch in open_batches if not batch.is_marketing]
        ready: list[Ready] = []
        for lane in sorted({batch.lane for batch in open_batches}):
            peers = [batch for batch in open_batches if batch.lane == lane]
            for place, batch in enumerate(peers):
                share = -(-(wanted - len(ready)) // (len(peers) - place))
                if share > 0:
                    ready += self._claim(batch, share)
        return ready

    def intend(self, ready: Sequence[Ready], *, deadline_s: float) -> list[Ready]:
        """Make the intents durable and give those that may be posted; the others go back to the queue."""
        allowed = claim.intend([item.intent for item in ready], self._hold, deadline_s=deadline_s, at=now())
        refused = [item.intent.delivery_id for item in ready if item.intent.delivery_id not in allowed]
        if refused:
            claim.unclaim(refused, self._hold)
        return [item for item in ready if item.intent.delivery_id in allowed]

    def give_back(self, ready: Sequence[Ready]) -> None:
        """Put what was claimed and not started back into the queue."""
        claim.unclaim([item.intent.delivery_id for item in ready], self._hold)

    def record(self, sent: Sequence[Sent]) -> None:
        """Write the verdicts back, and stop or withdraw what they say."""
        at = now()
        recorded = record.record([self._outcome(item) for item in sent], at=at)
        contacts = {row.delivery_id: row.contact_id for row in recorded}
        for item in sent:
            delivery_id = item.ready.intent.delivery_id
            verdict = item.judgement.verdict
            if verdict.outcome is Word.STOP_NUMBER:
                record.stop_number(self._number.id, reason=str(verdict.code), at=at)
            elif verdict.outcome is Word.STOP_TEMPLATE:
                record.stop_template(delivery_id, reason=str(verdict.code), at=at)
            elif verdict.outcome is Word.WITHDRAW_CONSENT and delivery_id in contacts:
                leaving.left_at_meta(contacts[delivery_id], workspace_id=self._number.workspace_id, at=at)

    def new_inbound(self) -> int:
        """Count the messages that came in since the last call: Meta's throughput counts them too."""
        newest = self._newest_inbound()
        count = (
            newest and Message.objects.filter(number_id=self._number.id, id__gt=self._last_inbound).count()
        )
        self._last_inbound = max(newest, self._last_inbound)
        return count

    def renew(self) -> bool:
        """Keep the number; False: it is ours no longer."""
        return lease.renew(self._number.id, owner=self._hold.owner, epoch=self._hold.epoch)

    def release(self) -> None:
        """Give the number back."""
        lease.release(self._number.id, owner=self._hold.owner, epoch=self._hold.epoch)

    def may_send(self) -> bool:
        """Whether the number has neither been stopped nor changed meanwhile; who takes it next reads it anew."""
        return Number.objects.filter(
            pk=self._number.id,
            stopped_for="",
            pace_per_s=self._number.pace_per_s,
            api_url=self._number.api_url,
            access_token_sealed=self._number.access_token_sealed,
        ).exists()

    def _claim(self, batch: OpenBatch, limit: int) -> list[Ready]:
        renderer = self._renderers.get(batch.id)
        if renderer is None:
            try:
                renderer = self._renderers[batch.id] = Renderer.of(batch)
            except SentenceError:
                # The template changed under the batch: a person must look, nobody gets half a message.
                batches.pause([batch.id], reason="template_changed", at=now())
                return []
        claimed = claim.claim(batch, self._hold, limit=limit, at=now())
        rendered = [
            (item, renderer.ready(item, token))
            for item, token in zip(claimed, _tokens(len(claimed)), strict=True)
        ]
        reasons = {item.delivery_id: result for item, result in rendered if isinstance(result, str)}
        if reasons:
            claim.skip_claimed(reasons, self._hold)
        return [result for _, result in rendered if isinstance(result, Ready)]

    def _outcome(self, item: Sent) -> Outcome:
        verdict, accepted = item.judgement.verdict, item.judgement.accepted
        delivery_id = item.ready.intent.delivery_id
        word, retry_at = str(verdict.outcome), None
        if verdict.outcome is Word.RETRY:
            tries = self._tries[delivery_id] = self._tries.get(delivery_id, 0) + 1
            if tries >= _MOST_TRIES and verdict.scope == "delivery":
                word = str(Word.GIVE_UP)
            else:
                wait_s = verdict.wait_after(tries - 1) * self._random.uniform(1.0, 1.2)
                retry_at = now() + timedelta(seconds=wait_s)
        else:
            self._tries.pop(delivery_id, None)
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
            return self._log.oldest_unread_age(cursor, Lane.INBOUND, now())

    def _newest_inbound(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(max(id), 0) FROM inbox_message WHERE number_id = %s", [self._number.id]
            )
            return int(cursor.fetchone()[0])


def _tokens(count: int) -> list[UUID]:
    """Make random tokens; the system is asked for randomness once."""
    noise = os.urandom(_TOKEN_BYTES * count)
    return [
        UUID(bytes=noise[begin : begin + _TOKEN_BYTES], version=4)
        for begin in range(0, len(noise), _TOKEN_BYTES)
    ]
