"""Decide what an answer from Meta means for one delivery: the table of codes and the rule above it.

Source of the codes and their HTTP statuses:
developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-11-22).
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Literal

from difusio.cloud_api import causes


class Outcome(StrEnum):
    """What becomes of the delivery."""

    ACCEPTED = "accepted"  # Meta has taken it; a status will say what came of it
    RETRY = "retry"  # definitely not taken; may go out again after a wait
    GIVE_UP = "give_up"  # definitely not taken; another try would fail as well
    STOP_NUMBER = "stop_number"  # back to the queue; nothing more from this number till a person looked
    STOP_TEMPLATE = "stop_template"  # back to the queue; nothing more with this template
    WITHDRAW_CONSENT = (
        "withdraw_consent"  # the person has stopped marketing at Meta: write it into the ledger
    )
    WAIT_A_DAY = "wait_a_day"  # not before 24 hours, once at most, under a new token
    IN_DOUBT = "in_doubt"  # nobody knows: wait for the echo, never send again blindly


Scope = Literal["delivery", "template", "number"]

DAY_S = 86_400.0
LONGEST_WAIT_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer means.

    wait_s: seconds before the next try, after no earlier one.  growth: by what the wait grows with each try.
    scope: whom the wait or the stop concerns; a wait of scope "number" asks the pacer to slow down.
    cause: the sentence for people, a message id.
    """

    outcome: Outcome
    code: int | None
    cause: str
    scope: Scope = "delivery"
    wait_s: float = 0.0
    growth: float = 1.0

    def wait_after(self, tries: int) -> float:
        """Return the seconds to wait after this many earlier tries; jitter is the caller's."""
        if self.outcome is Outcome.WAIT_A_DAY:
            return self.wait_s
        # The exponent has a ceiling of its own, because a float overflows long before a counter does.
        return min(LONGEST_WAIT_S, self.wait_s * self.growth ** min(tries, 32))


@dataclass(frozen=True, slots=True)
class Row:
    """One code of Meta's as answer to a send.  remark: why it is judged so."""

    outcome: Outcome
    remark: str
    scope: Scope = "delivery"
    wait_s: float = 0.0
    growth: float = 1.0


def _retry(remark: str, scope: Scope, wait_s: float, growth: float = 2.0) -> Row:
    return Row(Outcome.RETRY, remark, scope, wait_s, growth)


def _give_up(remark: str) -> Row:
    return Row(Outcome.GIVE_UP, remark)


def _stop_number(remark: str) -> Row:
    return Row(Outcome.STOP_NUMBER, remark, "number")


def _stop_template(remark: str) -> Row:
    return Row(Outcome.STOP_TEMPLATE, remark, "template")


def _doubt(remark: str) -> Row:
    return Row(Outcome.IN_DOUBT, remark)


TABLE: dict[int, Row] = {
    0: _stop_number("the token is expired or revoked"),
    1: _retry("a bad request or a fault of Meta's; the caller bounds the tries", "delivery", 30),
    2: _doubt("an outage: Meta documents it as 503, so a 4xx proves nothing"),
    3: _stop_number("the app lacks the capability to send"),
    4: _retry("the app's calls of this hour are used up", "number", 300),
    10: _stop_number("permission removed, or the account is not eligible"),
    33: _stop_number("the business number was deleted"),
    100: _give_up("a parameter of this message; with subcode 33 the number itself, see `verdict`"),
    190: _stop_number("the token is expired or malformed"),
    368: _stop_number("blocked for breaking policy"),
    613: _retry("a rate limit of the Graph API", "number", 60),
    2500: _stop_number("no token was sent"),
    80007: _retry("the account's calls of this hour are used up", "number", 300),
    130403: _give_up("our own block list holds this person"),
    130429: _retry("faster than the number may be; inbound counts too", "number", 1),
    130472: _give_up("an experiment keeps marketing from this person"),
    130497: _stop_number("this business may not write to that country; going on endangers the account"),
    131000: _doubt("an unknown failure inside Meta, documented as 500"),
    131005: _stop_number("permission removed"),
    131008: _stop_template("a required field is absent: so it will be for everybody in the batch"),
    131009: _give_up("a value is invalid"),
    131016: _doubt("a service inside Meta is down, documented as 500"),
    131020: _give_up("a group with one member"),
    131021: _give_up("sender and receiver are the same number"),
    131026: _give_up("not on WhatsApp, terms not accepted, or a very old app"),
    131030: _give_up("a test number reaches five listed people"),
    131031: _stop_number("the account is locked"),
    131037: _stop_number("the display name awaits approval"),
    131041: _give_up("no such group"),
    131042: _stop_number("payment"),
    131044: _stop_number("payment, as calls report it"),
    131045: _stop_number("the number's registration has a fault"),
    131047: _give_up("the service window is closed; only a template may go out"),
    131048: _stop_number("people blocked or reported the number: going on makes it worse"),
    131049: Row(
        Outcome.WAIT_A_DAY, "this person's share of marketing is used up; haste costs a day", wait_s=DAY_S
    ),
    131050: Row(Outcome.WITHDRAW_CONSENT, "the person switched off our marketing in WhatsApp"),
    131051: _give_up("this kind of message is not supported"),
    131052: _give_up("about a file the person sent"),
    131053: _stop_template("the media is unusable, and it is the whole batch's"),
    131055: _stop_template("the marketing endpoint takes marketing only (older code)"),
    131056: _retry(
        "too many to this one person: Meta asks for 4^n seconds, others are not concerned", "delivery", 1, 4
    ),
    131057: _retry("maintenance of the account, about a minute", "number", 60),
    131059: _give_up("a cursor of a listing"),
    131061: _stop_template("a template with a maximum price went to the general endpoint"),
    131062: _give_up("this message takes no user id"),
    131063: _stop_template("the account takes marketing on its own endpoint only; refresh the category"),
    131064: _stop_number("the account is limited for wrong categories"),
    132000: _stop_template("number of parameters"),
    132001: _stop_template("no approved template of that name in that language"),
    132005: _give_up("too long with this person's values"),
    132007: _stop_template("content against policy"),
    132008: _give_up("one value is formatted wrongly"),
    132012: _stop_template("kind of a parameter"),
    132015: _stop_template("paused for its quality; held messages that pacing dropped carry it too"),
    132016: _stop_template("disabled for good"),
    132018: _stop_template("parameters of the template; line breaks are mended before we send"),
    132068: _stop_template("its Flow is blocked"),
    132069: _retry("its Flow is throttled to 10 an hour", "template", 360),
    133004: _doubt("a server inside Meta is down, documented as 503"),
    133006: _stop_number("the number has to be verified again"),
    133010: _stop_number("the number is not registered"),
    134011: _give_up("terms of payments in chat"),
    134100: _stop_template("not marketing, on the marketing endpoint; refresh the category"),
    134101: _retry("a new template is not ready for marketing for up to 10 minutes", "template", 120),
    134102: _stop_template("the template could not be synced; check onboarding"),
    135000: _give_up("an unknown fault of the request"),
    137000: _give_up("the person's identity changed since we noted its hash"),
    139200: _stop_template("sending without a template is switched off"),
}

# Documented codes of other calls: registration, groups, calls, Flows, block lists, usernames, insights,
# sign-ups, sync.  Should one ever answer a send, it is permanent like an unknown one.
OF_OTHER_CALLS: frozenset[int] = frozenset(
    {
        *(131201, 131202, 131204, 131207, 131208, 131209, 131210, 131211, 131212, 131213, 131214, 131215),
        *(133000, 133005, 133008, 133009, 133015, 133016, 136024),
        *(138000, 138001, 138002, 138003, 138004, 138005, 138006, 138007, 138009, 138012, 138013, 138018),
        *(139000, 139001, 139002, 139003, 139004, 139100, 139101, 139102, 139103, 141002),
        *(147001, 147002, 147003, 147004, 147005, 200005, 200006, 200007, 1752041),
        *(2388012, 2388091, 2388093, 2388103, 2494100),
        *(2494164, 2494165, 2494166, 2494167, 2494168, 2494176, 2494177, 2494179),
        *(2593107, 2593108, 2593109),
    }
)

# The whole span means that a permission is missing.
_PERMISSION_CODES = range(200, 300)
_MISSING_PERMISSION = _stop_number("a permission is missing or was removed")
_UNKNOWN = _give_up("not in the table: sending twice is worse than not sending")
_UNKNOWN_OBJECT_SUBCODE = 33


def row_for(code: int, subcode: int | None = None) -> Row:
    """Return the table's row for a code; codes without one are permanent."""
    if code == 100 and subcode == _UNKNOWN_OBJECT_SUBCODE:  # noqa: PLR2004 - Meta's code, named in the table
        return TABLE[33]
    if code in _PERMISSION_CODES:
        return _MISSING_PERMISSION
    return TABLE.get(code, _UNKNOWN)


def verdict(http_status: int, code: int | None, subcode: int | None = None) -> Verdict:
    """Decide what a refusal means for one delivery.

    http_status: of the answer.  code, subcode: Meta's `error.code` and `error.error_subcode`; None when the
    body is not Meta's. Only Meta's own 4xx is definite: any HTTP status of 500 or more is in doubt whatever
    its code, and so is any answer without Meta's code, because somebody between us and Meta may have written
    it.
    """
    definite = HTTPStatus.BAD_REQUEST <= http_status < HTTPStatus.INTERNAL_SERVER_ERROR
    if not definite or code is None:
        return Verdict(Outcome.IN_DOUBT, code, causes.IN_DOUBT)
    row = row_for(code, subcode)
    sentence = causes.IN_DOUBT if row.outcome is Outcome.IN_DOUBT else causes.cause(code)
    return Verdict(row.outcome, code, sentence, row.scope, row.wait_s, row.growth)


def failed_later(code: int | None) -> Verdict:
    """Decide what `failed` in a status means for a delivery that Meta had accepted.

    It is never repeated under its old token, and only 131049 may get one new attempt: a phone may still
    report `delivered`.
    """
    row = row_for(code) if code is not None else _UNKNOWN
    outcome = Outcome.GIVE_UP if row.outcome in {Outcome.RETRY, Outcome.IN_DOUBT} else row.outcome
    return Verdict(outcome, code, causes.cause(code), row.scope, row.wait_s, row.growth)


ACCEPTED = Verdict(Outcome.ACCEPTED, None, "")
LOST = Verdict(Outcome.IN_DOUBT, None, causes.IN_DOUBT)
NOT_SENT = Verdict(Outcome.RETRY, None, causes.NOT_SENT, "number", 1.0, 2.0)
