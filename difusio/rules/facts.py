"""What rules look at: plain facts about one campaign, gathered by whoever asks."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """One language version of the template, as Meta has it.

    category and quality are Meta's words.  texts: header, body, footer as approved.  buttons: the labels.
    """

    name: str
    language: str
    category: str
    quality: str
    texts: tuple[str, ...]
    buttons: tuple[str, ...]
    synced_at: datetime


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign just before its launch.

    business_name: the workspace's; verified_name: what people see above the chat.  people: who would be written to; of
    them, us_people have a number of the United States, consents_ageing agreed more than 21 months ago and consents_old
    more than 24 (each counted once; see ``consent_age``).  people_a_day: to how many the portfolio may write in 24
    hours, None without limit; people_at_once of these leave without waiting for that, the last ones within ``days``.
    """

    at: datetime
    is_marketing_topic: bool
    business_name: str
    verified_name: str
    number_quality: str
    templates: tuple[TemplateFacts, ...]
    people: int
    us_people: int = 0
    consents_ageing: int = 0
    consents_old: int = 0
    people_a_day: int | None = None
    people_at_once: int = 0
    days: int = 0
