"""How the account stands: banned, restricted, and what it switched on; what its numbers were told.

Source: DOC/policy-enforcement, DOC/webhooks/reference/account_update (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from dataclasses import dataclass, field
from typing import Any

ALL_MESSAGING = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING"
TEMPLATE_MESSAGING = "RESTRICTED_BIZ_INITIATED_MESSAGING"
ADDING_NUMBERS = "RESTRICTED_ADD_PHONE_NUMBER_ACTION"
RESTRICTIONS = (TEMPLATE_MESSAGING, ALL_MESSAGING, ADDING_NUMBERS)
_LOCKED, _BLOCKED = 131031, 368


@dataclass(slots=True)
class Account:
    """What Meta decided about the account; restrictions: until when, in seconds since 1970."""

    is_banned: bool = False
    restrictions: dict[str, float] = field(default_factory=dict)
    review_status: str = "APPROVED"
    has_insights: bool = False
    has_accepted_signup_terms: bool = False
    signups: dict[str, dict[str, Any]] = field(default_factory=dict)
    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    template_groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    def refusal(self, *, is_template: bool, now: float) -> int | None:
        """Tell with which code a send is refused, None if it may pass."""
        if self.is_banned:
            return _LOCKED
        if not self.restrictions:
            return None
        if self.is_restricted(ALL_MESSAGING, now):
            return _BLOCKED
        return _BLOCKED if is_template and self.is_restricted(TEMPLATE_MESSAGING, now) else None

    def is_restricted(self, kind: str, now: float) -> bool:
        """Tell whether a restriction is in force."""
        return self.restrictions.get(kind, 0.0) > now


@dataclass(slots=True)
class Particulars:
    """What a number was told over the API; times are simulated seconds since 1970."""

    pin: str | None = None
    wrong_pins: list[float] = field(default_factory=list)
    registrations: list[float] = field(default_factory=list)
    """When it was registered or deregistered."""
    is_verified: bool = True
    code: str | None = None
    """The code that was sent and not used yet."""
    settings: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    qr_codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    public_key: str | None = None
    prompts: list[str] = field(default_factory=list)
    commands: list[dict[str, str]] = field(default_factory=list)
    username: str | None = None
    username_status: str = ""
    blocked: dict[str, str] = field(default_factory=dict)
    """The block list: person's key, and the address they were blocked by."""
    name_status: str = "APPROVED"
    new_name: str | None = None
    """A display name that was asked for and not decided on."""
