"""Meta's errors: every documented code with its HTTP status, words and details, and how they are told.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
(read 2026-09-11; the HTTP column was dropped by Meta in 2026 and is taken from the December 2025 copy).
"""

import secrets
from dataclasses import dataclass

import msgspec

from whatsapp_simulator.reading import legible


@dataclass(frozen=True, slots=True)
class Row:
    """One documented error: what Meta says when nothing more is known about the case."""

    code: int
    http_status: int
    title: str
    details: str = ""


# A code without a documented HTTP status is told with 400.
_ROWS = (
    Row(0, 401, "AuthException"),
    Row(1, 400, "API Unknown"),
    Row(2, 503, "API Service"),
    Row(3, 500, "API Method"),
    Row(4, 400, "Application request limit reached"),
    Row(10, 403, "Permission Denied"),
    Row(33, 400, "Parameter value is not valid"),
    Row(100, 400, "Invalid parameter"),
    Row(190, 401, "Invalid OAuth access token - Cannot parse access token"),
    Row(368, 403, "Temporarily blocked for policies violations"),
    Row(613, 400, "Calls to this api have exceeded the rate limit"),
    Row(2500, 400, "An active access token must be used to query information about the current user."),
    Row(80007, 400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    Row(130403, 400, "Business has blocked the user", "The recipient is on the block list of this business."),
    Row(130429, 400, "Rate limit hit", "Cloud API message throughput has been reached."),
    Row(
        130472,
        400,
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment",
    ),
    Row(130497, 403, "Business account is restricted from messaging users in this country."),
    Row(131000, 500, "Something went wrong", "Message failed to send due to an unknown error."),
    Row(131005, 403, "Access denied"),
    Row(131008, 400, "Required parameter is missing"),
    Row(131009, 400, "Parameter value is not valid", "One or more parameter values are invalid."),
    Row(131016, 500, "Service unavailable"),
    Row(131020, 400, "Bad group"),
    Row(131021, 400, "Recipient cannot be sender"),
    Row(131026, 400, "Message undeliverable", "Message Undeliverable."),
    Row(
        131030,
        400,
        "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient list "
        "and try again.",
    ),
    Row(131031, 403, "Account has been locked"),
    Row(131037, 400, "WhatsApp provided number needs display name approval before message can be sent."),
    Row(131041, 400, "Group unknown"),
    Row(
        131042,
        400,
        "Business eligibility payment issue",
        "Message failed to send because there were one or more errors related to your payment method.",
    ),
    Row(131044, 400, "Business payment issue (calling)"),
    Row(131045, 500, "Incorrect certificate"),
    Row(
        131047,
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last "
        "replied to this number.",
    ),
    Row(
        131048,
        400,
        "Spam rate limit hit",
        "Message failed to send because there are restrictions on how many messages can be sent "
        "from this phone number.",
    ),
    Row(
        131049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    Row(
        131050,
        400,
        "User has stopped receipt of marketing messages.",
        "Unable to deliver the message. This recipient has chosen to stop receiving marketing "
        "messages on WhatsApp from your business.",
    ),
    Row(131051, 400, "Unsupported message type"),
    Row(131052, 400, "Media download error"),
    Row(131053, 400, "Media upload error", "Unable to upload the media used in the message."),
    Row(131055, 400, "Method not allowed", "Only MARKETING templates can be sent on this endpoint."),
    Row(
        131056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from the sender phone number to the same recipient phone number in "
        "a short period of time.",
    ),
    Row(131057, 500, "Account in maintenance mode"),
    Row(131059, 400, "Invalid cursor"),
    Row(131061, 400, "Max-price template not allowed here"),
    Row(131062, 400, "Business-scoped User ID (BSUID) recipients are not supported for this message."),
    Row(
        131063,
        400,
        "Marketing templates disabled for Cloud API",
        "Your template is categorized as Marketing, but marketing templates are currently disabled "
        "for your Cloud API configuration.",
    ),
    Row(131064, 400, "Messaging limit reached due to template classification violations"),
    Row(131201, 206, "Request partially succeeded"),
    Row(131202, 400, "Duplicate participant"),
    Row(131204, 400, "Participant overlimit"),
    Row(131207, 403, "Group suspended"),
    Row(131208, 429, "Group Rate Limit Hit"),
    Row(131209, 400, "Invalid Group Profile Picture Aspect Ratio"),
    Row(131210, 400, "Image is Too Small to Process"),
    Row(131211, 400, "Group create limit reached"),
    Row(131212, 400, "Participant is not a part of the group"),
    Row(131213, 400, "Group join request does not exist"),
    Row(131214, 400, "Group creation is temporarily disabled"),
    Row(131215, 400, "This phone number is not eligible to access Groups APIs"),
    Row(132000, 400, "Number of parameters does not match the expected number of params"),
    Row(132001, 404, "Template name does not exist in the translation"),
    Row(132005, 400, "Template Hydrated Text Too Long"),
    Row(132007, 400, "Template Format Character Policy Violated"),
    Row(132008, 400, "Template parameter value invalid"),
    Row(132012, 400, "Parameter format does not match format in the created template"),
    Row(
        132015,
        400,
        "Template is Paused",
        "Template is paused due to low quality so it cannot be sent in a template message.",
    ),
    Row(
        132016,
        400,
        "Template is Disabled",
        "Template has been paused too many times due to low quality and is now permanently disabled.",
    ),
    Row(
        132018,
        400,
        "Template validation error",
        "There is an issue with one or more parameters of your template.",
    ),
    Row(132068, 400, "Flow is blocked"),
    Row(132069, 400, "Flow is throttled"),
    Row(133000, 500, "Incomplete Deregistration"),
    Row(133004, 503, "Server Temporarily Unavailable"),
    Row(133005, 400, "Two step verification PIN Mismatch"),
    Row(133006, 400, "Phone number re-verification needed"),
    Row(133008, 400, "Too Many two step verification PIN Guesses"),
    Row(133009, 400, "Two step verification PIN Guessed Too Fast"),
    Row(133010, 400, "Account not registered"),
    Row(133015, 400, "Please wait a few minutes before attempting to register this phone number"),
    Row(133016, 400, "Account register deregister rate limit exceeded"),
    Row(134011, 400, "WhatsApp Payments terms of service has not been accepted"),
    Row(
        134100,
        400,
        "Only marketing messages supported",
        "You're only able to send marketing messages on this API.",
    ),
    Row(134101, 400, "Your template is still syncing"),
    Row(134102, 500, "Template unavailable for use"),
    Row(135000, 400, "Generic user error"),
    Row(136024, 400, "Verification code request rejected"),
    Row(137000, 400, "Recipient identity key hash mismatch"),
    Row(138000, 400, "Calling error"),
    Row(138001, 400, "Calling error"),
    Row(138002, 400, "Calling error"),
    Row(138003, 400, "Calling error"),
    Row(138004, 400, "Calling error"),
    Row(138005, 400, "Calling error"),
    Row(138006, 400, "Calling error"),
    Row(138007, 400, "Calling error"),
    Row(138009, 400, "Calling error"),
    Row(138012, 400, "Calling error"),
    Row(138013, 400, "Calling error"),
    Row(138018, 400, "Calling error"),
    Row(139000, 400, "Blocked by integrity"),
    Row(139001, 400, "Flow update failed"),
    Row(139002, 400, "Flow publish failed"),
    Row(139003, 400, "Flow deprecate failed"),
    Row(139004, 400, "Flow delete failed"),
    Row(139100, 400, "Failed to block/unblock users"),
    Row(139101, 400, "Blocklist limit reached"),
    Row(139102, 400, "Blocklist concurrent update"),
    Row(139103, 500, "Block list internal error"),
    Row(139200, 400, "Direct Send access blocked"),
    Row(147001, 400, "Username error"),
    Row(147002, 400, "Username error"),
    Row(147003, 400, "Username error"),
    Row(147004, 400, "Username error"),
    Row(147005, 400, "Username error"),
    Row(200005, 400, "Template insights unavailable"),
    Row(200006, 400, "Cannot disable template insights"),
    Row(200007, 400, "Template Insights not enabled"),
    Row(1752041, 400, "Duplicate Request"),
    Row(2388012, 400, "Phone number already exists"),
    Row(2388091, 400, "Not eligible for a registration code"),
    Row(2388093, 400, "Not eligible for a registration code"),
    Row(2388103, 400, "Cannot migrate phone number"),
    Row(2494100, 400, "Account is in maintenance mode"),
    Row(2494164, 400, "SIGNUP_NOT_FOUND"),
    Row(2494165, 400, "SIGNUPS_API_NOT_AVAILABLE"),
    Row(2494166, 400, "SIGNUP_UNKNOWN_PLACEHOLDER"),
    Row(2494167, 400, "SIGNUP_MISSING_PLACEHOLDER_VALUE"),
    Row(2494168, 400, "SIGNUP_TOS_NOT_ACCEPTED"),
    Row(2494176, 400, "SIGNUP_TOS_ALREADY_ACCEPTED"),
    Row(2494177, 400, "SIGNUP_TOS_URL_NOT_ALLOWED"),
    Row(2494179, 400, "SIGNUP_WEBSITE_URL_SCHEME_NOT_ALLOWED"),
    Row(2593107, 400, "Synchronization Request limit exceeded"),
    Row(2593108, 400, "Synchronization Request made outside of allowed time window"),
    Row(2593109, 400, "History sync is turned off by the business"),
)
ERRORS = {row.code: row for row in _ROWS}

# Told without "(#code)" before the words, as Graph's own errors are.
_GRAPH_CODES = frozenset({190, 2500})
_UNKNOWN_ID_SUBCODE = 33
_HREF = "/documentation/business-messaging/whatsapp/support/error-codes"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, ready to be told: an HTTP status and the members of `error`."""

    code: int
    http_status: int
    message: str
    details: str = ""
    subcode: int | None = None
    type: str = "OAuthException"
    user_title: str = ""
    user_message: str = ""

    def body(self) -> bytes:
        """Write Meta's error body, with a fresh trace id."""
        error: dict[str, object] = {"message": legible(self.message), "type": self.type, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": legible(self.details)}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user_title:
            error |= {
                "is_transient": False,
                "error_user_title": self.user_title,
                "error_user_msg": legible(self.user_message),
            }
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        return msgspec.json.encode({"error": error})


class RefusedError(Exception):
    """Meta's side refuses the request; carries the problem to tell."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def problem(code: int, details: str | None = None, *, http_status: int | None = None) -> Problem:
    """Make the documented refusal of a code, with other details or HTTP status where the case says more."""
    row = ERRORS[code]
    words = row.title if code in _GRAPH_CODES else f"(#{code}) {row.title}"
    return Problem(code, http_status or row.http_status, words, row.details if details is None else details)


def refused(code: int, details: str | None = None) -> RefusedError:
    """Make the exception of a documented refusal."""
    return RefusedError(problem(code, details))


def parameter(message: str, details: str = "") -> RefusedError:
    """Make the refusal of a parameter that Graph itself checks: code 100 with a sentence of its own."""
    return RefusedError(Problem(100, 400, message, details))


# What Meta lists as errors of their own comes on the wire as a subcode of code 100, with words for the person.
_TEMPLATE_TITLES = {
    2388019: "Message Template Limit Exceeded",
    2388023: "Message template language is being deleted",
    2388024: "Content in this language already exists",
    2388039: "Message template status can't be changed",
    2388040: "Character limit exceeded",
    2388047: "Message header format is incorrect",
    2388072: "Message body format is incorrect",
    2388073: "Message footer format is incorrect",
    2388293: "Parameters words ratio exceeds limit",
    2388299: "Leading or trailing parameters not allowed",
}


def template_refused(subcode: int, message: str) -> RefusedError:
    """Make the refusal of a template: code 100, a subcode, and what the person reads."""
    title = _TEMPLATE_TITLES[subcode]
    return RefusedError(
        Problem(100, 400, "Invalid parameter", subcode=subcode, user_title=title, user_message=message)
    )


def unknown_id(object_id: str, method: str) -> RefusedError:
    """Make the refusal of an id nobody knows, or that the token may not see."""
    words = (
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation."
    )
    return RefusedError(Problem(100, 400, words, subcode=_UNKNOWN_ID_SUBCODE, type="GraphMethodException"))


def told_in_webhook(code: int, details: str = "") -> dict[str, object]:
    """Write an error as a failed status carries it; details: where the case says more than the table."""
    row = ERRORS[code]
    return {
        "code": code,
        "title": row.title,
        "message": row.title,
        "error_data": {"details": details or row.details or row.title},
        "href": _HREF,
    }
