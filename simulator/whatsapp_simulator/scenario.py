"""What a simulator starts with: account, people, habits, faults and clock, as JSON or as objects."""

from codecs import BOM_UTF8
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from whatsapp_simulator.countries import EEA
from whatsapp_simulator.places import place_of

Rate = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

NumberStatus = Literal[
    "CONNECTED", "PENDING", "DISCONNECTED", "MIGRATED", "BANNED",
    "RESTRICTED", "RATE_LIMITED", "FLAGGED", "DELETED", "UNVERIFIED",
]  # fmt: skip

MessagingStep = Literal["TIER_250", "TIER_2K", "TIER_10K", "TIER_100K", "TIER_UNLIMITED"]


class ScenarioError(ValueError):
    """A scenario or a request to the control plane is not as documented; the message says what and where.

    path: the member of the scenario that is meant, such as `$.faults[0]`; empty where the message names it.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


@cache
def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))


class Number(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A business phone number."""

    phone_number_id: Identifier
    display_phone_number: Annotated[str, Meta(min_length=7, max_length=32)]
    verified_name: str = "Example Shop"
    mps: Annotated[float, Meta(gt=0)] = 80
    """Messages per real second, inbound and outbound together."""
    burst_s: Annotated[float, Meta(ge=0)] = 1.0
    """How many seconds' worth of messages may come at once."""
    status: NumberStatus = "CONNECTED"
    quality_rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN", "NA"] = "GREEN"
    messaging_limit: MessagingStep = "TIER_UNLIMITED"
    """The portfolio's limit is the highest of its numbers'."""
    is_on_biz_app: bool = False
    """Shared with the Business app on a phone: 20 messages a second, echoes, edits and history."""
    has_business_agent: bool = False
    """Meta Business Agent answers: what people write is told under `standby` until a service message takes over."""
    identity_key_check: bool = False
    """Refuse a message whose `recipient_identity_key_hash` is not the person's (137000)."""

    @property
    def digits(self) -> str:
        """The number in digits alone, as webhooks write it."""
        return _digits(self.display_phone_number)


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of people, made by the business."""

    group_id: Annotated[str, Meta(min_length=1, max_length=128)]
    subject: str = "Example group"
    participants: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+[0-9]{7,15}$")], ...], Meta(max_length=8)
    ] = ()
    """Phones with `+`."""


class Setup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The business account as Meta knows it."""

    app_id: Identifier = "634974688087057"
    app_secret: Annotated[str, Meta(min_length=1)] = "simulated-app-secret"  # noqa: S105 - opens nothing but this simulator
    access_token: Annotated[str, Meta(min_length=1)] = "simulated-access-token"  # noqa: S105 - as above
    verify_token: str = "simulated-verify-token"  # noqa: S105 - as above
    require_appsecret_proof: bool = False
    """The app's setting "Require app secret"; a proof that is given is checked in any case."""
    callback_url: str = ""
    """Where webhooks go; empty: nobody is subscribed and none are sent."""
    webhook_version: Literal["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"] = "v26.0"
    """The version chosen for the app's webhooks, whatever version is called: it decides their shape."""
    verify_callback: bool = True
    """Ask the callback for the challenge before it gets webhooks, as Meta does."""
    waba_id: Identifier = "102290129340398"
    waba_name: str = "Example Shop"
    portfolio_id: Identifier = "506914307656634"
    marketing_messages_onboarding_status: Literal["ELIGIBLE", "INELIGIBLE", "ONBOARDED"] = "ONBOARDED"
    disable_marketing_messages_on_cloud_api: bool = False
    allowed_recipients: (
        tuple[Annotated[str, Meta(pattern=r"^(\+[0-9]{7,15}|[A-Z]{2}\.[A-Za-z0-9]{1,128})$")], ...] | None
    ) = None
    """As with Meta's test numbers: phones with `+` and user ids that may be written to, others are refused (131030)."""
    has_payment_method: bool = True
    """Without one, whatever costs money fails with 131042."""
    numbers: tuple[Number, ...] = (
        Number(phone_number_id="106540352242922", display_phone_number="+1 555-010-0100"),
    )
    templates: tuple[dict[str, Any], ...] = ()
    """As the template list writes them: name, language, category, status, components, …"""
    groups: tuple[Group, ...] = ()
    """Without any, the numbers may not use groups at all (131215)."""
    direct_send: Literal["available", "unavailable", "blocked"] = "available"
    """Utility texts without a template; unavailable is refused with 100, blocked with 139200."""

    @property
    def has_old_webhooks(self) -> bool:
        """Tell whether webhooks are those before 2026: conversations, no user ids, no contacts of statuses.

        Source: DOC/webhooks/reference/messages/status (read September 2026): `conversation` ended with v24.
        That user ids stay away from it as well is our inference, after payloads of that time.
        """
        return self.webhook_version in ("v21.0", "v22.0", "v23.0")


class Habits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often people and the platform do what: rates of people or messages, spans in simulated seconds."""

    reads: Rate = 0.65
    receipts_off: Rate = 0.08
    replies: Rate = 0.03
    leaves: Rate = 0.01
    leaves_natively: Rate = 0.3
    """Of those who leave: with WhatsApp's own switch."""
    leaves_by_button: Rate = 0.2
    """Of those who leave: by tapping a quick reply, where the message has one; the others write a word."""
    unreachable: Rate = 0.01
    capped: Rate = 0.005
    """People who have had enough marketing (131049): outside windows, and not in `marketing_free_in` of the limits."""
    experiment: Rate = 0.0
    has_username: Rate = 0.1
    taps: Rate = 0.0
    """People who tap what a message offers: quick replies, buttons, rows of lists, links."""
    blocks: Rate = 0.0
    """People who block the business over its first marketing message."""
    changes_number: Rate = 0.0
    """People who take another number some days after a marketing message."""
    us_marketing_paused: bool = True
    """Marketing templates to people in the US fail with 131049, as since 2025-04-01."""

    delivered: Rate = 0.92
    delivered_late: Rate = 0.05
    """Hours later; what is left over is never delivered."""
    sent_s: tuple[Seconds, Seconds] = (0.2, 2.0)
    delivered_s: tuple[Seconds, Seconds] = (1.0, 30.0)
    late_s: tuple[Seconds, Seconds] = (3600.0, 43200.0)
    read_s: tuple[Seconds, Seconds] = (60.0, 21600.0)
    reply_s: tuple[Seconds, Seconds] = (10.0, 900.0)

    duplicate: Rate = 0.01
    swap: Rate = 0.02
    missing_delivered: Rate = 0.02
    delivered_and_failed: Rate = 0.001
    free_service_messages: Annotated[int, Meta(ge=0)] = 1000
    """Service messages per number and month that cost nothing."""

    unknown_media: Literal["refuse", "accept"] = "refuse"
    """A media id that nobody uploaded here: refuse it as Meta does, or take it as good."""
    fetch_links: bool = False
    """Really fetch the files that messages link to, on this machine only; else every link is good."""

    idle_s: Annotated[float, Meta(gt=0, le=3600)] = 75.0
    """Real seconds until a connection without a whole request is closed; taken at the start."""
    body_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0
    """Real seconds that a body may take to come."""

    webhook_flush_s: Annotated[float, Meta(ge=0, le=5)] = 0.02
    """Real seconds that updates wait for company before a POST."""
    webhook_batch: Annotated[int, Meta(ge=1, le=1000)] = 1000
    webhook_connections: Annotated[int, Meta(ge=1, le=64)] = 8
    webhook_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Real seconds."""
    webhook_retry_first_s: Annotated[float, Meta(gt=0)] = 1.0
    webhook_retry_longest_s: Annotated[float, Meta(gt=0)] = 3600.0
    webhook_retry_days: Annotated[float, Meta(gt=0)] = 7.0


@cache
def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much the platform lets through; what Meta does not publish is inferred and can be changed here.

    Source: DOC/messaging-limits, DOC/throughput, DOC/templates/marketing-templates/per-user-limits (read
    September 2026); DOC stands for https://developers.facebook.com/documentation/business-messaging/whatsapp .
    """

    pair_interval_s: Annotated[float, Meta(gt=0)] = 6.0
    pair_burst: Annotated[int, Meta(ge=1)] = 45
    """Messages to one person that may come at once, borrowed from the future."""
    shared_number_mps: Annotated[float, Meta(gt=0)] = 20
    """The most a number shared with the Business app may do, whatever its `mps`."""

    messaging_limit: bool = True
    """Let only so many different people be reached outside windows in a moving day, as the portfolio's step says."""
    over_messaging_limit: int = 131048
    """The code it fails with, by webhook: inferred."""
    raises: bool = True
    """Let the portfolio rise to the next step by itself when it has used half of this one and quality is high."""
    raise_after_s: Seconds = 21_600.0

    marketing_per_person: Annotated[int, Meta(ge=0)] = 0
    """Marketing messages that a person may get within the span below; 0: only `capped` people are full."""
    marketing_span_s: Annotated[float, Meta(gt=0)] = 86_400.0
    marketing_again_s: Seconds = 86_400.0
    """Whoever is written to again while full stays full so long."""
    marketing_free_in: tuple[str, ...] = (*EEA, "GB", "JP", "KR")
    """Countries without that limit, whether the person's or the business's."""

    spam_at_red: Rate = 0.0
    """Of the templates a number of RED quality sends, those that fail with 131048."""
    charged_inside_windows_from: date = date(2026, 10, 1)
    """The day from which service messages, and utility templates inside windows, cost money."""
    free_entry_point_s: Seconds = 259_200.0
    """How long everything is free after an ad, if it was answered within a day."""

    @property
    def charged_from(self) -> float:
        """The start of that day in UTC, in seconds since 1970."""
        return _midnight(self.charged_inside_windows_from)


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the platform does with templates and calls; what Meta does not publish can be switched here."""

    reviews: bool = True
    """False: a template is approved or rejected at once, without a PENDING between."""
    review_s: tuple[Seconds, Seconds] = (60.0, 3600.0)
    """Simulated seconds from sending in a template until the decision."""
    rejects: bool = True
    recategorises: bool = True
    """Approve a UTILITY template that reads as marketing as MARKETING."""
    category_notice_s: Seconds = 86400.0
    words_per_variable: Annotated[float, Meta(ge=0)] = 2.0
    """How many words a body needs for each variable; 0: any."""
    most_templates: Annotated[int, Meta(ge=0)] = 6000
    most_flows: Annotated[int, Meta(ge=0)] = 1000
    """Our inference: Meta does not tell how many there can be."""
    creations_per_hour: Annotated[int, Meta(ge=0)] = 100
    edits_per_day: Annotated[int, Meta(ge=0)] = 1
    edits_per_month: Annotated[int, Meta(ge=0)] = 10
    """Of an approved template."""
    edited_stays_approved: bool = False
    """Keep the approved text in use while the edited one is looked at."""
    name_lock_s: Seconds = 30 * 86400.0
    archive_s: Seconds = 28 * 86400.0
    """How long an archived template lives."""

    pauses_s: tuple[Seconds, ...] = (3 * 3600.0, 6 * 3600.0)
    """The pauses of a template of low quality; after the last of them it is disabled."""
    quality_sample: Annotated[int, Meta(ge=0)] = 1000
    """Messages delivered before a template gets a score by itself; 0: never."""
    quality_yellow: Rate = 0.01
    quality_red: Rate = 0.02
    """Blocks per delivered message of the last seven days."""
    quality_read: Rate = 0.0
    """Read messages per delivered one below which a score is YELLOW at best."""
    pacing_after: Annotated[int, Meta(ge=0)] = 0
    """Messages of a paced template that go out before the others are held; 0: no pacing."""
    pacing_s: Seconds = 1800.0
    """How long held messages wait for the decision."""
    marketing_sync_s: Seconds = 600.0
    """How long the marketing endpoint takes to learn a new template, or one left alone for 7 days (134101); 0: none."""

    digits_without_plus: Literal["own_country", "international"] = "own_country"
    """How a phone without plus is read: as one of the sender's country, as Meta does, or with its calling code."""
    management_calls_per_hour: Annotated[int, Meta(ge=0)] | None = None
    """Left out: 5,000 with a registered number, else 200; 0: no limit."""
    app_calls_per_hour: Annotated[int, Meta(ge=0)] = 0
    """Calls of all other kinds but sends; 0: no limit."""
    prices: dict[str, Annotated[float, Meta(ge=0)]] = {}
    """What a charged message costs by pricing category, in the account's currency, as analytics tell it."""


class PersonFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person told by name; whatever is left out comes from the seed."""

    phone: Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 ()-]{5,24}$")] | None = None
    user_id: Annotated[str, Meta(pattern=r"^[A-Z]{2}\.[A-Za-z0-9]{1,128}$")] | None = None
    name: str | None = None
    username: str | None = None
    language: Literal["ca", "es", "en", "gl", "eu", "fr", "it", "pt", "de", "ro", "ar", "uk"] | None = None
    """Left out: the language of the message they got."""
    reads: bool | None = None
    read_receipts: bool | None = None
    replies: bool | None = None
    leaves: Literal["no", "word", "native", "button"] | None = None
    unreachable: bool | None = None
    capped: bool | None = None
    """True: they have had enough marketing in every country and window, whatever the limits say."""
    experiment: bool | None = None
    taps: bool | None = None
    blocks: bool | None = None
    changes_number: bool | None = None
    reply_text: str | None = None
    leaving_text: str | None = None


class Crowd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People who are there before anybody writes to them."""

    size: Annotated[int, Meta(ge=1, le=1_000_000)]
    countries: Annotated[dict[Country, Annotated[float, Meta(gt=0)]], Meta(min_length=1)]
    """Shares by ISO country."""
    languages: dict[Country, Annotated[dict[str, Annotated[float, Meta(gt=0)]], Meta(min_length=1)]] = {}
    """Shares of languages by country, where they shall not be the usual ones."""
    without_phone: Rate = 0.0
    """Of them, those who are known by user id alone."""


FaultKind = Literal[
    "refuse",
    "error_before",
    "error_after",
    "lose_answer",
    "slow",
    "withhold_status",
    "receiver_down",
    "receiver_deaf",
    "fail_later",
    "close_connection",
    "outage",
    "expired_token",
    "throttle",
    "pause_template",
    "rate_template",
    "rate_number",
    "ban",
]
StatusName = Literal["sent", "delivered", "read", "failed"]


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that goes wrong on purpose; docs/reference.md tells what each kind needs."""

    kind: FaultKind
    rate: Rate = 1.0
    times: Annotated[int, Meta(ge=1)] | None = None
    """How often at most; left out: for ever."""
    from_s: Seconds | None = msgspec.field(default=None, name="from")
    until_s: Seconds | None = msgspec.field(default=None, name="until")
    """Seconds since the faults were put in force; left out: from the start, for ever."""
    clock: Literal["simulated", "real"] = "simulated"
    """Which seconds `from` and `until` are."""
    per_second: Annotated[float, Meta(gt=0)] | None = None
    """For throttle: messages a real second that still pass."""
    code: int | None = None
    http_status: Annotated[int, Meta(ge=400, le=599)] | None = None
    seconds: Annotated[float, Meta(ge=0, le=600)] | None = None
    addresses: tuple[str, ...] = ()
    """Phones, BSUIDs or person keys; empty: everybody."""
    phone_number_id: str | None = None
    statuses: tuple[StatusName, ...] = ()
    """For withhold_status: which; empty: all."""
    calls: Literal["sends", "all"] = "sends"
    """Which calls error_before, error_after, lose_answer and slow meet; other calls have been done like sends."""
    template: str | None = None
    """The name of a template; it is meant in all its languages."""
    score: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] | None = None


class ClockFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock at the start."""

    rate: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0
    start: float | None = None
    """Seconds since 1970; left out: now."""


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a simulator starts with; every part has a default."""

    seed: int = 7
    setup: Setup = Setup()
    habits: Habits = Habits()
    limits: Limits = Limits()
    rules: Rules = Rules()
    people: tuple[PersonFacts, ...] = ()
    crowd: Crowd | None = None
    faults: tuple[Fault, ...] = ()
    clock: ClockFacts = ClockFacts()


_Shape = TypeVar("_Shape")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file; raises ScenarioError with the line and column where the JSON is broken."""
    try:
        return decode(_text_of(path), Scenario, with_place=True)
    except OSError as problem:
        raise ScenarioError(f"The scenario {path} cannot be read: {problem.strerror}.") from problem
    except ScenarioError as problem:
        raise ScenarioError(f"The scenario {path} is not right: {problem}") from problem


def placed(problem: ScenarioError, path: Path) -> str:
    """Tell what makes no sense in a scenario file that was read, with the line and column where it stands."""
    if not problem.path:
        return str(problem)
    place = place_of(_text_of(path).decode(), f"at `{problem.path}`")
    return f"The scenario {path} is not right: {str(problem).removesuffix('.')} ({place})."


def _text_of(path: Path) -> bytes:
    # Editors on Windows put a mark of the byte order before the text.
    return path.read_bytes().removeprefix(BOM_UTF8)


def decode(body: bytes, shape: type[_Shape], *, with_place: bool = False) -> _Shape:
    """Decode JSON into a shape; raises ScenarioError with a sentence that says what is wrong and where.

    with_place: tell the line and column of a wrong member too.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.ValidationError as problem:
        sentence = str(problem).replace(" - at ", ", at ")
        place = f" ({place_of(body.decode(), str(problem))})" if with_place else ""
        raise ScenarioError(f"{sentence}{place}.") from problem
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ScenarioError(_where_broken(body)) from problem


def _where_broken(body: bytes) -> str:
    # msgspec gives a byte position only; the standard library knows lines and columns.
    import json

    try:
        # Digits are left alone: Python reads no number of thousands of them.
        json.loads(body, parse_int=str)
    except json.JSONDecodeError as problem:
        return f"it is not JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})."
    except (UnicodeDecodeError, RecursionError):
        return "it is not JSON in UTF-8, or nested too deeply."
    return "it is not JSON that can be read here."
