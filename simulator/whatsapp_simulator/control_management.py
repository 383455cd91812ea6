"""The control plane's other half: what Meta decides about templates, numbers and the account, on demand.

Each act is `POST /_control/{templates/NAME/LANGUAGE | numbers/ID | account}/{act}` and answers the thing as it
stands then; GET without an act shows it.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from whatsapp_simulator.account import RESTRICTIONS
from whatsapp_simulator.catalogue import Standing
from whatsapp_simulator.control_calls import ROOT, ControlRequest, NotFoundError
from whatsapp_simulator.scenario import MessagingStep, Number, Rules, ScenarioError, decode
from whatsapp_simulator.world import Line, World

_HIGH_MPS = 1000
_PLACES = ("templates", "numbers", "account", "rules")


class _Closed(Struct, kw_only=True, forbid_unknown_fields=True):
    """A body without unknown members."""


class _Nothing(_Closed):
    pass


class _Reject(_Closed):
    reason: Literal[
        "ABUSIVE_CONTENT", "CATEGORY_NOT_AVAILABLE", "INCORRECT_CATEGORY", "INVALID_FORMAT", "NONE",
        "PROMOTIONAL", "SCAM", "TAG_CONTENT_MISMATCH",
    ] = "INVALID_FORMAT"  # fmt: skip
    said: str | None = None
    advice: str = ""


class _TemplateQuality(_Closed):
    score: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"]


class _Category(_Closed):
    category: Literal["MARKETING", "UTILITY", "AUTHENTICATION"]
    notice: bool = False
    """Announce it first; it changes once `category_notice_s` are over."""


class _TemplateEvent(_Closed):
    event: Literal[
        "PENDING", "FLAGGED", "LOCKED", "REINSTATED", "IN_APPEAL", "LIMIT_EXCEEDED", "PENDING_DELETION",
        "ARCHIVED", "UNARCHIVED",
    ]  # fmt: skip


class _NumberStatus(_Closed):
    status: Literal[
        "CONNECTED", "PENDING", "DISCONNECTED", "MIGRATED", "BANNED", "RESTRICTED", "RATE_LIMITED", "FLAGGED",
        "DELETED", "UNVERIFIED",
    ]  # fmt: skip


class _NumberQuality(_Closed):
    rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN", "NA"]


class _Throughput(_Closed):
    mps: Annotated[float, Meta(gt=0)] = _HIGH_MPS


class _Limit(_Closed):
    limit: MessagingStep


class _Name(_Closed):
    decision: Literal["APPROVED", "DECLINED", "DEFERRED", "PENDING"] = "APPROVED"
    name: str | None = None
    reason: str | None = None


class _Security(_Closed):
    event: Literal["PIN_RESET_REQUEST", "PIN_CHANGED", "PIN_RESET_SUCCESS"] = "PIN_RESET_REQUEST"
    requester: str = "61555000000001"


class _Username(_Closed):
    status: Literal["approved", "reserved", "deleted"]


class _Ban(_Closed):
    state: Literal["SCHEDULE_FOR_DISABLE", "DISABLE"] = "DISABLE"


class _Restrict(_Closed):
    types: tuple[
        Literal[
            "RESTRICTED_BIZ_INITIATED_MESSAGING",
            "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
            "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
        ],
        ...,
    ] = (RESTRICTIONS[0], RESTRICTIONS[2])  # type: ignore[assignment] # the words are those of the literal
    seconds: Annotated[float, Meta(gt=0)] = 3 * 86_400.0


class _Violation(_Closed):
    violation: Annotated[str, Meta(pattern="^[A-Z_]{1,64}$")] = "SCAM"


class _Review(_Closed):
    decision: Literal["APPROVED", "REJECTED", "PENDING", "DEFERRED"] = "APPROVED"


class _Alert(_Closed):
    alert: Annotated[str, Meta(pattern="^[A-Z_]{1,64}$")] = "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED"
    severity: Literal["INFORMATIONAL", "WARNING", "CRITICAL"] = "WARNING"
    status: Literal["ACTIVE", "RESOLVED"] = "ACTIVE"
    description: str = "Limits cannot be increased for your business yet."


class _AccountEvent(_Closed):
    event: Literal[
        "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "ACCOUNT_RECONNECTED", "AD_ACCOUNT_LINKED",
        "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "MM_LITE_TERMS_SIGNED",
        "PARTNER_ADDED", "PARTNER_APP_INSTALLED", "PARTNER_APP_UNINSTALLED",
        "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", "PARTNER_REMOVED", "VOLUME_BASED_PRICING_TIER_UPDATE",
    ]  # fmt: skip
    info: dict[str, Any] = {}
    """Members that stand beside `event`, such as `country`; left out: those Meta's sample has."""


class _Payment(_Closed):
    name: str = "example-prod"
    provider: str = "razorpay"
    merchant: str = "acc_EXAMPLE"
    status: str = "Needs Testing"


_Act = tuple[type[Any], Callable[[Any, Any], None]]


class ManagementControl:
    """The acts on templates, numbers and the account of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        life = world.lifecycle
        self._of_templates: dict[str, _Act] = {
            "approve": (_Nothing, lambda one, _: life.approve(one)),
            "reject": (_Reject, self._reject),
            "pause": (_Nothing, lambda one, _: life.pause(one)),
            "unpause": (_Nothing, lambda one, _: life.unpause(one)),
            "disable": (_Nothing, lambda one, _: life.disable(one)),
            "quality": (_TemplateQuality, lambda one, told: life.rate(one, told.score)),
            "category": (_Category, self._categorise),
            "event": (_TemplateEvent, lambda one, told: life.tell(one, told.event)),
            "delete": (_Nothing, lambda one, _: life.delete(one)),
        }
        self._of_numbers: dict[str, _Act] = {
            "status": (_NumberStatus, lambda line, told: world.change_number(line, status=told.status)),
            "quality": (
                _NumberQuality,
                lambda line, told: world.change_number(line, quality_rating=told.rating),
            ),
            "throughput": (_Throughput, self._upgrade),
            "limit": (_Limit, self._limit),
            "name": (_Name, self._name),
            "security": (_Security, self._security),
            "username": (_Username, self._username),
        }
        self._of_account: dict[str, _Act] = {
            "ban": (_Ban, self._ban),
            "reinstate": (_Nothing, self._reinstate),
            "restrict": (_Restrict, self._restrict),
            "violation": (_Violation, self._violation),
            "review": (_Review, self._review),
            "alert": (_Alert, self._alert),
            "event": (_AccountEvent, self._event),
            "payment": (_Payment, self._payment),
        }

    def knows(self, path: str) -> bool:
        """Tell whether a path is answered here."""
        return path.partition("/")[0] in _PLACES

    def bodies(self) -> dict[str, dict[str, type[Struct] | None]]:
        """Tell what each path takes, by method."""
        told: dict[str, dict[str, type[Struct] | None]] = {"rules": {"GET": None, "PUT": Rules}}
        for path, acts in (
            ("templates/{name}/{language}", self._of_templates),
            ("numbers/{phone_number_id}", self._of_numbers),
            ("account", self._of_account),
        ):
            told |= {path: {"GET": None}}
            told |= {f"{path}/{name}": {"POST": shape} for name, (shape, _) in acts.items()}
        return told | {"templates": {"GET": None}, "numbers": {"GET": None}}

    def answer(self, request: ControlRequest) -> object:
        """Answer a request; raises NotFoundError and ScenarioError with a sentence."""
        place, _, rest = request.path.partition("/")
        if place == "rules":
            return self._rules(request)
        if place == "templates":
            return self._templates(request, rest)
        if place == "numbers":
            return self._numbers(request, rest)
        if request.method == "GET" and not rest:
            return self._shown_account()
        self._run(self._of_account, rest, request, None)
        return self._shown_account()

    def _rules(self, request: ControlRequest) -> object:
        if request.method == "PUT":
            self._world.replace_rules(decode(request.body, Rules))
        elif request.method != "GET":
            raise NotFoundError(f"{ROOT}rules takes GET and PUT, not {request.method}.")
        return self._world.rules

    def _templates(self, request: ControlRequest, rest: str) -> object:
        if request.method == "GET" and not rest:
            return {"data": [_shown_template(standing) for standing in self._world.catalogue]}
        name, _, act = rest.partition("/")
        language, _, act = act.partition("/")
        standing = self._world.catalogue.of(name, language)
        if standing is None:
            raise NotFoundError(f"There is no template {name} in {language or 'any language'}.")
        if act or request.method != "GET":
            self._run(self._of_templates, act, request, standing)
        return _shown_template(standing)

    def _numbers(self, request: ControlRequest, rest: str) -> object:
        if request.method == "GET" and not rest:
            return {"data": [_shown_number(line) for line in self._world.lines.values()]}
        number, _, act = rest.partition("/")
        line = self._world.lines.get(number)
        if line is None:
            raise NotFoundError(f"The setup has no number with the id {number}.")
        if act or request.method != "GET":
            self._run(self._of_numbers, act, request, line)
        return _shown_number(line)

    def _run(self, acts: dict[str, _Act], name: str, request: ControlRequest, subject: Any) -> None:
        if name not in acts or request.method != "POST":
            raise NotFoundError(f"The acts here are {', '.join(acts)} (POST), not {request.method} {name}.")
        shape, act = acts[name]
        act(subject, decode(request.body, shape))

    def _reject(self, standing: Standing, told: _Reject) -> None:
        said = None if told.said is None else (told.said, told.advice)
        self._world.lifecycle.reject(standing, told.reason, said=said)

    def _categorise(self, standing: Standing, told: _Category) -> None:
        if told.category == standing.template.category:
            raise ScenarioError(f"The template is {told.category} already.")
        if told.notice:
            self._world.lifecycle.announce_category(standing, told.category)
        else:
            self._world.lifecycle.recategorise(standing, told.category)

    def _upgrade(self, line: Line, told: _Throughput) -> None:
        self._world.change_number(line, mps=told.mps)
        line.throughput.refit(per_second=told.mps)
        self._number_changed(line, "THROUGHPUT_UPGRADE")

    def _limit(self, _line: Line, told: _Limit) -> None:
        # The limit is the portfolio's, whichever number is named.
        self._world.portfolio.change(told.limit)

    def _number_changed(self, line: Line, event: str) -> None:
        value = {
            "display_phone_number": line.number.digits,
            "event": event,
            "max_daily_conversations_per_business": self._world.portfolio.step,
        }
        self._tell("phone_number_quality_update", value)

    def _name(self, line: Line, told: _Name) -> None:
        name = told.name or line.particulars.new_name or line.number.verified_name
        line.particulars.new_name = None
        line.particulars.name_status = {"PENDING": "PENDING_REVIEW", "DEFERRED": "PENDING_REVIEW"}.get(
            told.decision, told.decision
        )
        if told.decision == "APPROVED":
            self._world.change_number(line, verified_name=name)
        value = {
            "display_phone_number": line.number.digits,
            "decision": told.decision,
            "requested_verified_name": name,
            "rejection_reason": told.reason,
        }
        self._tell("phone_number_name_update", value)

    def _security(self, line: Line, told: _Security) -> None:
        if told.event == "PIN_RESET_SUCCESS":
            line.particulars.pin = None
        value = {
            "display_phone_number": line.number.digits,
            "event": told.event,
            "requester": told.requester,
        }
        self._tell("security", value)

    def _username(self, line: Line, told: _Username) -> None:
        name = line.particulars.username
        if name is None:
            raise ScenarioError("This number has no username; take one over the Graph API first.")
        line.particulars.username_status = told.status
        if told.status == "deleted":
            line.particulars.username = None
        value = {"display_phone_number": line.number.digits, "username": name, "status": told.status}
        self._tell("business_username_updates", value)

    def _ban(self, _subject: None, told: _Ban) -> None:
        if told.state == "DISABLE":
            self._world.ban()
        else:
            self._world.account.is_banned = False
            self._world.tell_ban(told.state)

    def _reinstate(self, _subject: None, _told: _Nothing) -> None:
        self._world.reinstate()

    def _restrict(self, _subject: None, told: _Restrict) -> None:
        until = self._world.clock.now() + told.seconds
        self._world.account.restrictions |= dict.fromkeys(told.types, until)
        info = [{"restriction_type": kind, "expiration": int(until)} for kind in told.types]
        self._tell("account_update", {"event": "ACCOUNT_RESTRICTION", "restriction_info": info})

    def _violation(self, _subject: None, told: _Violation) -> None:
        info = {"violation_type": told.violation}
        self._tell("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": info})

    def _review(self, _subject: None, told: _Review) -> None:
        self._world.account.review_status = told.decision
        self._tell("account_review_update", {"decision": told.decision})

    def _alert(self, _subject: None, told: _Alert) -> None:
        info = {
            "alert_severity": told.severity,
            "alert_status": told.status,
            "alert_type": told.alert,
            "alert_description": told.description,
        }
        portfolio = self._world.setup.portfolio_id
        self._tell("account_alerts", {"entity_type": "BUSINESS", "entity_id": portfolio, "alert_info": info})

    def _event(self, _subject: None, told: _AccountEvent) -> None:
        setup, now = self._world.setup, int(self._world.clock.now())
        account = {"waba_id": setup.waba_id, "owner_business_id": setup.portfolio_id}
        usual: dict[str, dict[str, Any]] = {
            "MM_LITE_TERMS_SIGNED": {"waba_info": account},
            "PARTNER_REMOVED": {
                "waba_info": account,
                "disconnection_info": {"reason": "PRIMARY_INACTIVITY", "initiated_by": "SYSTEM"},
            },
            "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE": {"country": "ES"},
            "VOLUME_BASED_PRICING_TIER_UPDATE": {
                "volume_tier_info": {
                    "tier_update_time": now,
                    "pricing_category": "UTILITY",
                    "tier": "25000001:50000000",
                    "effective_month": "2026-10",
                    "region": "Spain",
                }
            },
        }
        if told.event == "MM_LITE_TERMS_SIGNED":
            self._world.change_setup(marketing_messages_onboarding_status="ONBOARDED")
        self._tell("account_update", {"event": told.event, **(told.info or usual.get(told.event, {}))})

    def _payment(self, _subject: None, told: _Payment) -> None:
        now = int(self._world.clock.now())
        value = {
            "configuration_name": told.name,
            "provider_name": told.provider,
            "provider_mid": told.merchant,
            "status": told.status,
            "created_timestamp": now,
            "updated_timestamp": now,
        }
        self._tell("payment_configuration_update", value)

    def _tell(self, field: str, value: dict[str, Any]) -> None:
        self._world.outbox.management(field, value)

    def _shown_account(self) -> object:
        account, world = self._world.account, self._world
        subscriptions = world.subscriptions
        return {
            "waba_id": world.setup.waba_id,
            "is_banned": account.is_banned,
            "restrictions": account.restrictions,
            "review_status": account.review_status,
            "has_insights": account.has_insights,
            "is_subscribed": subscriptions.account_is_subscribed,
            "fields": sorted(subscriptions.fields),
            "callback_url": subscriptions.callback().url,
            "signups": list(account.signups.values()),
            "flows": [{"id": flow["id"], "status": flow["status"]} for flow in account.flows.values()],
        }


def _shown_template(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.template_id,
        "name": standing.template.name,
        "language": standing.template.language,
        "status": standing.template.status,
        "category": standing.template.category,
        "quality": standing.quality,
        "pauses": standing.pauses,
        "paused_until": standing.paused_until,
        "held": len(standing.held),
    }


def _shown_number(line: Line) -> dict[str, Any]:
    number: Number = line.number
    particulars = line.particulars
    return {
        **msgspec.to_builtins(number),
        "is_verified": particulars.is_verified,
        "code": particulars.code,
        "has_pin": particulars.pin is not None,
        "username": particulars.username,
        "blocked": list(particulars.blocked.values()),
    }
