"""What processes count for those who run them: whole numbers in memory, which ``metrics`` writes down now and then.

Everything that is counted is declared here, so that docs/reference/metrics.md can be held against it.  Counting costs
half a microsecond.  Labels are ids and words of ours: never a text, phone, token or name.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Final

Label = str | int

_MICROS: Final = 1_000_000
_SUM: Final = ("sum",)


class Count:
    """A number that only grows, one for each combination of its labels' values."""

    def __init__(self, name: str, sentence: str, *labels: str) -> None:
        self.name, self.sentence, self.labels = name, sentence, labels
        self._n: Counter[tuple[Label, ...]] = Counter()
        self._lock = Lock()

    def add(self, *values: Label, n: int = 1) -> None:
        """Count ``n`` more, from any thread.  values: of the labels, in their order."""
        with self._lock:
            self._n[values] += n

    def read(self) -> Mapping[tuple[Label, ...], int]:
        """Give what this process has counted so far."""
        with self._lock:
            return dict(self._n)


class Seconds(Count):
    """How long something took, sorted into buckets; its last label is the bucket, and "sum" holds microseconds."""

    def __init__(self, name: str, sentence: str, buckets: tuple[float, ...]) -> None:
        super().__init__(name, sentence, "le")
        self.buckets = (*buckets, float("inf"))
        self.words = tuple("+Inf" if edge == float("inf") else f"{edge:g}" for edge in self.buckets)

    def observe(self, *spans: float) -> None:
        """Count those that took so many seconds; what a clock that was set back makes negative took no time."""
        with self._lock:
            for span in spans:
                seconds = max(0.0, span)
                self._n[(self.words[bisect_left(self.buckets, seconds)],)] += 1
                self._n[_SUM] += int(seconds * _MICROS)


REQUESTS: Final = Count(
    "difusio_requests_total", "Requests to Meta that ended, by what came of them.", "number", "outcome"
)
REFUSALS: Final = Count(
    "difusio_refusals_total",
    "Requests that Meta refused, by its error code; 130429: too fast for the number.",
    "number",
    "code",
)
REQUEST_SECONDS: Final = Seconds(
    "difusio_request_seconds",
    "How long a request to Meta took until its answer.",
    (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
POSTS: Final = Count(
    "difusio_webhook_posts_total", "Webhooks that were answered, by the HTTP status they got.", "answer"
)
POST_SECONDS: Final = Seconds(
    "difusio_webhook_post_seconds",
    "How long a webhook waited for its answer, which it gets once it is durable.",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
WEBHOOK_DELAY: Final = Seconds(
    "difusio_webhook_delay_seconds",
    "How long after Meta's own time a status was folded in.",
    (1, 2, 5, 10, 30, 60, 300, 3600),
)
FOLDED_POSTS: Final = Count("difusio_folded_posts_total", "Webhooks folded into the store, by lane.", "lane")
STATUSES: Final = Count(
    "difusio_statuses_total", "Statuses of messages in folded webhooks, repetitions included.", "status"
)
INBOUND: Final = Count("difusio_inbound_messages_total", "Messages from people in folded webhooks.")
SET_ASIDE: Final = Count(
    "difusio_set_aside_total", "Parts of webhooks that could not be read and wait for a person."
)
JOBS: Final = Count("difusio_jobs_total", "Jobs of `difusio work` that ended, by how.", "outcome")

COUNTS: Final[tuple[Count, ...]] = (
    REQUESTS,
    REFUSALS,
    REQUEST_SECONDS,
    POSTS,
    POST_SECONDS,
    WEBHOOK_DELAY,
    FOLDED_POSTS,
    STATUSES,
    INBOUND,
    SET_ASIDE,
    JOBS,
)
