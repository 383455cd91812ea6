"""What happens to templates: review, pauses, quality, pacing, recategorisation, archive and deletion.

Each act changes how a template stands, tells it by webhook, and lets the clock bring what follows.
Source: DOC/templates/template-management, /template-pausing, /template-quality, /template-pacing,
/template-categorization, /template-archival (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Callable
from typing import Any

from whatsapp_simulator import notices, quality, review
from whatsapp_simulator.catalogue import Catalogue, GoOn, Standing
from whatsapp_simulator.clock import Clock
from whatsapp_simulator.dice import between, side, throw
from whatsapp_simulator.scenario import Rules
from whatsapp_simulator.schedule import Schedule
from whatsapp_simulator.tallies import Tallies

_STATUS, _QUALITY, _CATEGORY, _COMPONENTS = (
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
    "message_template_components_update",
)
_PAUSED = 132015
_FORGOTTEN_AFTER_S = 7 * 86_400.0
# The events that leave a template as it is.
_ONLY_TOLD = frozenset({"FLAGGED", "LOCKED"})

Tell = Callable[[str, dict[str, Any]], None]
"""Sends a management webhook: field and value."""


class Lifecycle:
    """The acts on the templates of one account."""

    def __init__(
        self,
        *,
        seed: int,
        catalogue: Catalogue,
        tallies: Tallies,
        rules: Callable[[], Rules],
        clock: Clock,
        schedule: Schedule,
        tell: Tell,
    ) -> None:
        self._seed = seed
        self._catalogue = catalogue
        self._tallies = tallies
        self._rules = rules
        self._clock = clock
        self._schedule = schedule
        self._tell = tell

    def submit(self, facts: dict[str, Any]) -> Standing:
        """Take in a checked template; its category may be another than the one asked for."""
        rules, now = self._rules(), self._clock.now()
        asked = facts["category"]
        category = review.category_of(facts) if rules.recategorises else asked
        more = {"previous_category": asked} if category != asked else {}
        known = {**facts, "category": category, "status": "PENDING", **more}
        standing = self._catalogue.add(known, at=now)
        self._send_to_review(standing, now)
        return standing

    def edit(self, standing: Standing, facts: dict[str, Any]) -> None:
        """Put other contents in; they are looked at again, and told once they are approved."""
        now = self._clock.now()
        was_approved = standing.template.status in ("APPROVED", "PAUSED")
        if was_approved:
            standing.edited_at.append(now)
        self._catalogue.change(standing, **facts)
        if was_approved and self._rules().edited_stays_approved:
            self._tell(_COMPONENTS, notices.template_components(standing))
            return
        self._catalogue.change(standing, status="PENDING", rejected_reason=None)
        self._send_to_review(standing, now)

    def _send_to_review(self, standing: Standing, now: float) -> None:
        rules = self._rules()
        if not rules.reviews:
            self._decide(now, standing)
            return
        dice = throw(self._seed, "review", *standing.key, len(standing.edited_at))
        self._schedule.at(now + between(*rules.review_s, side(dice, 0)), self._decide, standing)

    def _decide(self, _due: float, standing: Standing) -> None:
        if not self._catalogue.knows(standing) or standing.template.status != "PENDING":
            return
        others = [
            other.facts
            for other in self._catalogue
            if other is not standing
            and other.template.name != standing.template.name
            and other.template.status not in ("REJECTED", "ARCHIVED")
        ]
        rejection = review.rejection_of(standing.facts, others) if self._rules().rejects else None
        if rejection is None:
            self.approve(standing)
        else:
            self.reject(standing, rejection.reason, said=(rejection.said, rejection.advice))

    def approve(self, standing: Standing) -> None:
        """Let a template pass review."""
        was_edited = standing.was_approved
        standing.was_approved = True
        standing.used_at = self._clock.now()
        standing.synced_at = standing.used_at + self._rules().marketing_sync_s
        self._catalogue.change(standing, status="APPROVED", rejected_reason=None)
        if was_edited and standing.edited_at:
            self._tell(_COMPONENTS, notices.template_components(standing))
        self._tell(_STATUS, notices.template_status(standing, "APPROVED"))

    def is_syncing(self, standing: Standing) -> bool:
        """Tell whether the marketing endpoint cannot send a template yet: a new one, or one long left alone."""
        now = self._clock.now()
        if now > standing.used_at + _FORGOTTEN_AFTER_S:
            standing.synced_at = now + self._rules().marketing_sync_s
        standing.used_at = now
        return now < standing.synced_at

    def reject(
        self, standing: Standing, reason: str = "INVALID_FORMAT", *, said: tuple[str, str] | None = None
    ) -> None:
        """Refuse a template in review; said: what is wrong, and what to do."""
        self._catalogue.change(standing, status="REJECTED", rejected_reason=reason)
        self._tell(_STATUS, notices.template_status(standing, "REJECTED", reason=reason, rejection=said))

    def pause(self, standing: Standing) -> None:
        """Pause a template of low quality: 3 hours, then 6 hours, and the third time it is disabled."""
        pauses, now = self._rules().pauses_s, self._clock.now()
        standing.pauses += 1
        if standing.pauses > len(pauses):
            self.disable(standing)
            return
        standing.paused_until = now + pauses[standing.pauses - 1]
        self._catalogue.change(standing, status="PAUSED")
        words = notices.pause_words(standing.pauses)
        self._tell(_STATUS, notices.template_status(standing, "PAUSED", other=words))
        self._schedule.at(standing.paused_until, self._pause_ends, (standing, standing.pauses))

    def _pause_ends(self, due: float, paused: tuple[Standing, int]) -> None:
        standing, pauses = paused
        is_this_pause = standing.pauses == pauses and standing.paused_until is not None
        if self._catalogue.knows(standing) and standing.template.status == "PAUSED" and is_this_pause:
            self.unpause(standing, at=due)

    def unpause(self, standing: Standing, *, at: float | None = None) -> None:
        """Let a paused template be sent again; its quality is judged anew."""
        standing.paused_until = None
        standing.unpaused_at = self._clock.now() if at is None else at
        standing.passed = 0
        standing.quality, standing.quality_at = "UNKNOWN", int(standing.unpaused_at)
        self._tallies.judge_anew(standing.template_id)
        self._catalogue.change(standing, status="APPROVED")
        self._tell(_STATUS, notices.template_status(standing, "APPROVED", other=notices.UNPAUSED))

    def disable(self, standing: Standing) -> None:
        """Take a template out of use for good; it may be edited and sent in again."""
        standing.paused_until = None
        self._catalogue.change(standing, status="DISABLED")
        written = notices.template_status(
            standing, "DISABLED", other=notices.DISABLED, disabled_at=self._clock.now()
        )
        self._tell(_STATUS, written)

    def tell(self, standing: Standing, event: str) -> None:
        """Put a template into a state that Meta's webhooks know, without anything else happening.

        FLAGGED and LOCKED change nothing; REINSTATED and UNARCHIVED make it APPROVED.
        """
        if event not in _ONLY_TOLD:
            status = "APPROVED" if event in ("REINSTATED", "UNARCHIVED") else event
            self._catalogue.change(standing, status=status)
        reason = None if event in ("DELETED", "PENDING_DELETION") else "NONE"
        self._tell(_STATUS, notices.template_status(standing, event, reason=reason))

    def rate(self, standing: Standing, score: str) -> None:
        """Give a template a quality score; RED pauses it, GREEN lets held messages go."""
        previous = standing.quality
        if previous == score:
            return
        standing.quality, standing.quality_at = score, int(self._clock.now())
        self._tell(_QUALITY, notices.template_quality(standing, previous=previous, new=score))
        if score == "RED" and standing.held:
            self._end_trial(standing, is_good=False)
        elif score == "RED" and standing.template.status == "APPROVED":
            self.pause(standing)
        elif score == "GREEN" and standing.held:
            self._end_trial(standing, is_good=True)

    def judge(self, template_id: str, at: float) -> None:
        """Let the blocks and reads of the last seven days move a template's score."""
        standing = self._catalogue.of_id(template_id)
        if standing is None or standing.template.status not in ("APPROVED", "PAUSED"):
            return
        score = quality.score(self._tallies.week(template_id, at), self._rules())
        if score is not None:
            self.rate(standing, score)

    def blocked(self, template_id: str, at: float) -> None:
        """Count somebody who blocked the business because of a template."""
        self._tallies.blocked(template_id, at)
        self.judge(template_id, at)

    def announce_category(self, standing: Standing, category: str) -> None:
        """Say that a template will change its category once the notice is over."""
        at = self._clock.now() + self._rules().category_notice_s
        self._catalogue.change(standing, correct_category=category)
        self._tell(_CATEGORY, notices.category_will_change(standing, correct=category, at=at))
        self._schedule.at(at, self._change_category, (standing, category))

    def _change_category(self, _due: float, changing: tuple[Standing, str]) -> None:
        standing, category = changing
        if self._catalogue.knows(standing) and standing.facts.get("correct_category") == category:
            self.recategorise(standing, category)

    def recategorise(self, standing: Standing, category: str) -> None:
        """Change a template's category at once; it stays approved."""
        previous = standing.template.category
        self._catalogue.change(standing, category=category, previous_category=previous, correct_category=None)
        self._tell(_CATEGORY, notices.category_changed(standing, previous=previous))

    def archive(self, standing: Standing) -> None:
        """Lay a template away; it is deleted after four weeks unless somebody fetches it back."""
        self._catalogue.change(standing, status="ARCHIVED")
        self._tell(_STATUS, notices.template_status(standing, "ARCHIVED"))
        self._schedule.at(self._clock.now() + self._rules().archive_s, self._archive_ends, standing)

    def _archive_ends(self, _due: float, standing: Standing) -> None:
        if self._catalogue.knows(standing) and standing.template.status == "ARCHIVED":
            self.delete(standing)

    def unarchive(self, standing: Standing) -> None:
        """Fetch a template back."""
        self.tell(standing, "UNARCHIVED")

    def delete(self, standing: Standing) -> None:
        """Take a template away; the name of one that was approved is locked for thirty days."""
        lock = self._clock.now() + self._rules().name_lock_s if standing.was_approved else None
        self._catalogue.remove(standing, locked_until=lock)
        self._tell(_STATUS, notices.template_status(standing, "DELETED", reason=None))

    def holds(self, standing: Standing) -> bool:
        """Count one message of a template; tell whether it is held until its quality is known."""
        threshold = self._rules().pacing_after
        if not threshold or not standing.is_paced(self._clock.now()):
            return False
        if standing.passed < threshold:
            standing.passed += 1
            return False
        return True

    def hold(self, standing: Standing, go_on: GoOn) -> None:
        """Keep a message back until its template's quality is known."""
        standing.held.append(go_on)
        if standing.trial_since is None:
            now = standing.trial_since = self._clock.now()
            self._schedule.at(now + self._rules().pacing_s, self._trial_ends, (standing, now))

    def _trial_ends(self, due: float, trial: tuple[Standing, float]) -> None:
        standing, since = trial
        # Without a bad sign messages are released: the guardrail of fast campaigns.
        if standing.trial_since == since:
            self._end_trial(standing, is_good=True, at=due)

    def _end_trial(self, standing: Standing, *, is_good: bool, at: float | None = None) -> None:
        held, standing.held, standing.trial_since = standing.held, [], None
        if is_good:
            standing.passed = 0
            standing.unpaused_at = None
            if standing.quality == "UNKNOWN":
                self.rate(standing, "GREEN")
        else:
            standing.paused_until = None
            self._catalogue.change(standing, status="PAUSED")
            self._tell(_STATUS, notices.template_status(standing, "PAUSED", other=notices.PACED))
        for go_on in held:
            go_on(None if is_good else _PAUSED, self._clock.now() if at is None else at)
