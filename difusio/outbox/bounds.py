"""What keeps marketing to one person within bounds: quiet hours, a cap over all campaigns, a topic's promise.

Freezing, pre-flight and claiming ask with the same words, so that they cannot disagree.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, LiteralString

from difusio.accounts.models import Workspace
from difusio.consent.models import Topic, TopicKind
from difusio.rules.quiet_hours import Nights, QuietHours, nights

# Why a queued delivery waits beyond its turn.
QUIET: Final = "quiet_hours"

# Given a row ``contact`` and the joins of SLEEPERS: until when the person is left alone, NULL: they are not.
ASLEEP_UNTIL: Final[LiteralString] = """CASE
        WHEN own.zone IS NOT NULL THEN own.ends_at
        WHEN homeland.country IS NOT NULL THEN homeland.ends_at
        ELSE %(otherwise)s::timestamptz END"""

# A person without a country has their phone's.
SLEEPERS: Final[LiteralString] = """LEFT JOIN unnest(%(zones)s::text[], %(zone_ends)s::timestamptz[])
        AS own (zone, ends_at) ON own.zone = contact.time_zone
    LEFT JOIN unnest(%(countries)s::text[], %(country_ends)s::timestamptz[])
        AS homeland (country, ends_at) ON homeland.country = coalesce(nullif(contact.country, ''), (
            SELECT phone.country FROM contacts_identity phone
            WHERE phone.contact_id = contact.id AND phone.kind = 'phone' ORDER BY phone.id DESC LIMIT 1))"""

# Given a row ``earlier`` (outbox_delivery): whether the person got it, or may have.
REACHED: Final[LiteralString] = (
    "earlier.state IN ('claimed', 'sending', 'in_doubt', 'parked', 'accepted', 'sent', 'delivered', 'read')"
)
# And when; what is under way counts as now.
REACHED_AT: Final[LiteralString] = """CASE WHEN earlier.state IN ('claimed', 'sending') THEN %(at)s
        ELSE coalesce(earlier.accepted_at, earlier.doubt_since) END"""
# Given a row ``had``: why one more would be too many, NULL: it is not.
TOO_MANY: Final[LiteralString] = """CASE
        WHEN had.of_all >= %(cap_messages)s::integer THEN 'capped'
        WHEN had.of_topic >= %(promised_messages)s::integer THEN 'promised' END"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """When, and how often.

    quiet: None: at any hour; zone: of the business.  At most cap_messages in cap_days to one person, None: any number;
    at most promised_messages in promised_days of this topic alone.
    """

    quiet: QuietHours | None
    zone: str
    cap_messages: int | None
    cap_days: int
    promised_messages: int | None
    promised_days: int | None

    @classmethod
    def read(
        cls, quiet_from: time | None, quiet_until: time | None, zone: str, *counts: int | None
    ) -> "Bounds":
        """Read the columns as the store gives them: the cap's two, then the promise's two."""
        is_quiet = quiet_from is not None and quiet_until is not None
        quiet = QuietHours(quiet_from, quiet_until) if is_quiet else None  # type: ignore[arg-type]  # seen above
        cap_messages, cap_days, promised_messages, promised_days = counts
        return cls(quiet, zone, cap_messages, cap_days or 1, promised_messages, promised_days)

    @property
    def is_counting(self) -> bool:
        """Whether it matters what the person had before."""
        return self.cap_messages is not None or self.promised_messages is not None

    def nights(self, at: datetime) -> Nights:
        """Say where it is quiet at a moment."""
        return nights(self.quiet, otherwise=self.zone, at=at)

    def parameters(self, at: datetime) -> dict[str, Any]:
        """Give what the expressions above bind."""
        found = self.nights(at)
        return {
            "zones": list(found.zones),
            "zone_ends": list(found.zone_ends),
            "countries": list(found.countries),
            "country_ends": list(found.country_ends),
            "otherwise": found.otherwise,
            "cap_messages": self.cap_messages,
            "cap_since": at - timedelta(days=self.cap_days),
            "promised_messages": self.promised_messages,
            "promised_since": at - timedelta(days=self.promised_days or 0),
        }


BOUNDLESS: Final = Bounds(None, "UTC", None, 1, None, None)


def bounds_of(workspace: Workspace, topic: Topic) -> Bounds:
    """Give what holds for a topic; service topics know no bounds."""
    if topic.kind != TopicKind.MARKETING:
        return BOUNDLESS
    return Bounds.read(
        workspace.quiet_from,
        workspace.quiet_until,
        workspace.time_zone,
        workspace.cap_messages,
        workspace.cap_days,
        topic.promised_messages,
        topic.promised_days,
    )
