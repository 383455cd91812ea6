"""Hold a number back while Meta is away, so that doubt does not pile up; pure: the monotonic clock is passed in.

Whatever is posted during an outage ends in doubt, and a person has to look at each.  So a run of failures opens the
breaker: nothing new starts.  Once something harmless is answered again, one message goes out alone; its answer decides.
"""

from enum import StrEnum

# So many failures with no good answer between them are no bad luck.
RUN = 10
# More than RUN requests wait and nobody has been answered for so long: waiting for their deadlines would add hundreds.
SILENCE_S = 3.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


class Failure(StrEnum):
    """What kind of failure opened the breaker; its word is what the number's page puts into a sentence."""

    UNREACHABLE = "unreachable"  # no connection opens: nothing was sent
    NO_ANSWER = "no_answer"  # requests leave and nothing comes back
    SERVER_ERRORS = "server_errors"  # every answer is an HTTP 500 or above


class Breaker:
    """One number's breaker.  now: monotonic seconds."""

    __slots__ = ("_ask_at", "_run", "_wait_s", "is_asking", "reason")

    def __init__(self) -> None:
        self._run = 0
        self._wait_s = FIRST_WAIT_S
        self._ask_at = 0.0
        # Why the number is held back; None while it is not.
        self.reason: Failure | None = None
        # Whether nothing at all may start until something harmless was answered.
        self.is_asking = False

    def room(self, in_air: int, wanted: int) -> int:
        """Say how many of the wanted requests may start beside those in the air."""
        if self.reason is None:
            return wanted
        return 0 if self.is_asking or in_air else min(1, wanted)

    def went_well(self) -> None:
        """Note an answer that Meta meant, be it a refusal: whatever was, it is over."""
        self._run = 0
        self._wait_s = FIRST_WAIT_S
        self.reason = None
        self.is_asking = False

    def failed(self, how: Failure, now: float) -> None:
        """Note a request without an answer of Meta's."""
        self._run += 1
        if self._run >= RUN and not self.is_asking:
            self._open(how, now)

    def silent(self, for_s: float, in_air: int, now: float) -> None:
        """Note for how long nobody has been answered while so many requests are in the air."""
        if self.reason is None and in_air > RUN and for_s > SILENCE_S:
            self._open(Failure.NO_ANSWER, now)

    def ask_at(self) -> float:
        """Return the moment at which something harmless may be asked."""
        return self._ask_at

    def asked(self, *, is_answered: bool, now: float) -> None:
        """Note whether the harmless question was answered: if so, one message may go out."""
        if is_answered:
            self.is_asking = False
        else:
            self._wait(now)

    def _open(self, how: Failure, now: float) -> None:
        self.reason = how
        self.is_asking = True
        self._wait(now)

    def _wait(self, now: float) -> None:
        self._ask_at = now + self._wait_s
        self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 2)
