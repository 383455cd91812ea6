"""A campaign's funnel, read from the outbox's counters: no delivery is counted here."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.db.models import Sum
from django.utils.translation import gettext as _

from difusio.campaigns.models import Campaign
from difusio.outbox.bounds import QUIET
from difusio.outbox.models import Tally
from difusio.reports.causes import failure_sentence, skip_sentence
from difusio.reports.states import WORDS, state_of

Counts = dict[tuple[str, str], int]
# The measures of what became neither skipped nor accepted.
_REST: Final = ("refused", "in_doubt", "parked", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``n`` out of ``of`` (None for the first step), and what that denominator is, in a word."""

    key: str
    word: str
    n: int
    of: int | None
    of_word: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why ``n`` deliveries did not arrive.  key: the skip's reason or Meta's code, kept for search."""

    key: str
    n: int
    sentence: str


# Without slots: what is put into words only when somebody asks needs a place to be kept.
@dataclass(frozen=True)
class Funnel:
    """Where every member of the audience stands: skipped + accepted + the rest + waiting = audience.

    outstanding: accepted, and no word yet of their arrival.  counts: by measure and detail; measures: by measure.
    Steps and causes are put into the reader's words when they are asked for: a month of campaigns shows none of them.
    """

    campaign_id: int
    state: str
    audience: int
    waiting: int
    in_doubt: int
    accepted: int
    outstanding: int
    counts: Counts
    measures: Mapping[str, int]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Planned, skipped, accepted, delivered, read, replied, left."""
        return _steps(self.measures, self.asked)

    @cached_property
    def rest(self) -> tuple[Step, ...]:
        """What became neither skipped nor accepted."""
        return tuple(step for step in _rest(self.measures, self.asked) if step.n)

    @cached_property
    def failed(self) -> Step:
        """What Meta refused at once or gave up on later."""
        n = self.measures["failed"] + self.measures["refused"]
        return Step("failed", _("Failed"), n, self.asked, _("to be sent"))

    @cached_property
    def skips(self) -> tuple[Cause, ...]:
        """Why people were not written to."""
        return _causes(self.counts, {"skipped"}, skip_sentence)

    @cached_property
    def failures(self) -> tuple[Cause, ...]:
        """Why messages did not arrive."""
        return _causes(self.counts, {"failed", "refused"}, failure_sentence)

    @property
    def state_word(self) -> str:
        """The state in the reader's language."""
        return str(WORDS[self.state])

    @property
    def is_finished(self) -> bool:
        """Nothing waits to be sent and no answer is in doubt; reads and replies may still come."""
        return self.waiting == 0 and self.in_doubt == 0

    @property
    def asleep(self) -> int:
        """How many of those who wait are left alone until their quiet hours end."""
        return self.counts.get(("queued", QUIET), 0)

    @property
    def asked(self) -> int:
        """How many are to be written to: the audience without those who are skipped."""
        return self.audience - self.measures["skipped"]

    @property
    def skipped(self) -> Step:
        """The step that the reasons in ``skips`` add up to."""
        return self.step("skipped")

    @property
    def line(self) -> tuple[Step, ...]:
        """The funnel in one line, for lists."""
        return tuple(self.step(key) for key in ("planned", "accepted", "delivered", "read", "replied"))

    def step(self, key: str) -> Step:
        """Give one step by its key, for a line that shows only some."""
        return next(step for step in self.steps if step.key == key)


def funnel(campaign_id: int) -> Funnel:
    """Read one campaign's funnel.  Cost: 2 queries, whatever the audience.  Raises Campaign.DoesNotExist."""
    campaign = Campaign.objects.only("id", "state").get(pk=campaign_id)
    return funnels([campaign])[campaign_id]


def funnels(campaigns: Iterable[Campaign]) -> dict[int, Funnel]:
    """Read the funnels of campaigns at hand, by id.  Cost: 1 query for any number of them."""
    states = {campaign.pk: campaign.state for campaign in campaigns}
    counts: dict[int, Counts] = defaultdict(dict)
    rows = (
        Tally.objects.filter(batch__round_batch__round__campaign__in=states)
        .values_list("batch__round_batch__round__campaign", "measure", "detail")
        .annotate(total=Sum("n"))
        .order_by()
    )
    for campaign_id, measure, detail, n in rows:
        counts[campaign_id][measure, detail] = n
    return {
        campaign_id: _funnel(campaign_id, state, counts[campaign_id]) for campaign_id, state in states.items()
    }


def _funnel(campaign_id: int, state: str, counts: Counts) -> Funnel:
    measures: dict[str, int] = defaultdict(int)
    for (measure, _detail), n in counts.items():
        measures[measure] += n
    audience, accepted, in_doubt = measures["audience"], measures["accepted"], measures["in_doubt"]
    # Every member of the audience is in exactly one of these (design, invariant 2); what is left over waits.
    waiting = audience - measures["skipped"] - accepted - sum(measures[key] for key in _REST)
    return Funnel(
        campaign_id=campaign_id,
        state=state_of(state, audience=audience, is_finished=waiting == 0 and in_doubt == 0),
        audience=audience,
        waiting=waiting,
        in_doubt=in_doubt,
        accepted=accepted,
        outstanding=max(0, accepted - measures["delivered"] - measures["failed"]),
        counts=counts,
        measures=measures,
    )


def _steps(measures: Mapping[str, int], asked: int) -> tuple[Step, ...]:
    audience, accepted, delivered = measures["audience"], measures["accepted"], measures["delivered"]
    # A person who hides read receipts reads unseen, so this number is the least that is true.
    at_least = _("At least: some people hide that they have read.")
    return (
        Step("planned", _("Planned"), audience, None, ""),
        Step("skipped", _("Skipped"), measures["skipped"], audience, _("planned")),
        Step("accepted", _("Accepted"), accepted, asked, _("to be sent")),
        Step("delivered", _("Delivered"), delivered, accepted, _("accepted")),
        Step("read", _("Read"), measures["read"], delivered, _("delivered"), at_least),
        Step("replied", _("Replied"), measures["replied"], delivered, _("delivered")),
        Step("left", _("Left"), measures["left"], delivered, _("delivered")),
    )


def _rest(measures: Mapping[str, int], asked: int) -> tuple[Step, ...]:
    of_word = _("to be sent")
    return (
        Step("refused", _("Refused by Meta"), measures["refused"], asked, of_word),
        Step(
            "in_doubt",
            _("In doubt"),
            measures["in_doubt"],
            asked,
            of_word,
            _("No answer came; we wait for Meta's word before anything is sent again."),
        ),
        Step(
            "parked",
            _("Parked"),
            measures["parked"],
            asked,
            of_word,
            _("Still no word from Meta: not sent again, so that nobody gets it twice."),
        ),
        Step("expired", _("Expired"), measures["expired"], asked, of_word, _("Too late to be of use.")),
        Step("cancelled", _("Cancelled before sending"), measures["cancelled"], asked, of_word),
    )


def _causes(counts: Counts, measures: set[str], sentence: Callable[[str], str]) -> tuple[Cause, ...]:
    """Add up by reason or code, the most frequent first."""
    sums: dict[str, int] = defaultdict(int)
    for (measure, detail), n in counts.items():
        if measure in measures and n:
            sums[detail] += n
    return tuple(
        Cause(key, n, sentence(key)) for key, n in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    )
