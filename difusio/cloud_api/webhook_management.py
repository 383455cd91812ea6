"""Read what Meta says about templates, numbers and accounts outside conversations.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (read
2026-11-22).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import msgspec

from difusio.cloud_api.news import (
    News,
    NumberKind,
    NumberNews,
    Restriction,
    TemplateNews,
    Unknown,
    daily_limit,
)
from difusio.cloud_api.webhook_items import moment, with_plus


class _OtherInfo(msgspec.Struct):
    title: str | None = None
    description: str | None = None


class _RejectionInfo(msgspec.Struct):
    reason: str | None = None
    recommendation: str | None = None


class _Template(msgspec.Struct):
    message_template_id: str | int
    message_template_name: str = ""
    message_template_language: str = ""
    message_template_category: str | None = None
    event: str | None = None
    reason: str | None = None
    other_info: _OtherInfo | None = None
    rejection_info: _RejectionInfo | None = None
    new_quality_score: str | None = None
    previous_quality_score: str | None = None
    new_category: str | None = None
    previous_category: str | None = None
    correct_category: str | None = None
    category_update_timestamp: int | str | None = None


class _Restriction(msgspec.Struct):
    restriction_type: str = ""
    expiration: int | str | None = None


class _Ban(msgspec.Struct):
    waba_ban_state: str | None = None


class _Violation(msgspec.Struct):
    violation_type: str | None = None


class _Alert(msgspec.Struct):
    alert_type: str = ""
    alert_description: str | None = None


class _Number(msgspec.Struct):
    """The keys of all fields about numbers and accounts; none of them means two things."""

    event: str | None = None
    decision: str | None = None
    status: str | None = None
    display_phone_number: str | None = None
    phone_number_id: str | int | None = None
    current_limit: str | int | None = None
    max_daily_conversations_per_business: str | int | None = None
    max_daily_conversation_per_phone: str | int | None = None
    requested_verified_name: str | None = None
    username: str | None = None
    rejection_reason: str | None = None
    restriction_info: list[_Restriction] = []
    ban_info: _Ban | None = None
    violation_info: _Violation | None = None
    alert_info: _Alert | None = None


_templates = msgspec.json.Decoder(_Template)
_numbers = msgspec.json.Decoder(_Number)

_TEMPLATE_FIELDS = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
    }
)


def _account_remark(item: _Number) -> str | None:
    if item.ban_info:
        return item.ban_info.waba_ban_state
    return item.violation_info.violation_type if item.violation_info else None


# For each field about a number or an account: what we call it, and where its event and its remark stand.
_NUMBER_FIELDS: dict[
    str, tuple[NumberKind, Callable[[_Number], str | None], Callable[[_Number], str | None]]
] = {
    "phone_number_quality_update": ("quality", lambda item: item.event, lambda _: None),
    "business_capability_update": ("capability", lambda item: item.event, lambda _: None),
    "phone_number_name_update": ("name", lambda item: item.decision, lambda item: item.rejection_reason),
    "business_username_updates": ("username", lambda item: item.status, lambda item: item.username),
    "security": ("security", lambda item: item.event, lambda _: None),
    "account_review_update": ("review", lambda item: item.decision, lambda _: None),
    "account_alerts": (
        "alert",
        lambda item: item.alert_info.alert_type if item.alert_info else None,
        lambda item: item.alert_info.alert_description if item.alert_info else None,
    ),
    "account_update": ("account", lambda item: item.event, _account_remark),
}


def read(
    field: str, keys: dict[str, msgspec.Raw], raw: msgspec.Raw, waba_id: str, at: datetime | None
) -> News:
    """Read one change outside conversations; what is not for us becomes Unknown.

    keys: the value's keys, by which templates are told when Meta names another field.
    Raises msgspec's errors or ValueError for what cannot be read.
    """
    if field in _TEMPLATE_FIELDS or "message_template_id" in keys:
        return _template_news(field, _templates.decode(raw), waba_id, at)
    if field not in _NUMBER_FIELDS:
        return Unknown(field, bytes(raw))
    kind, event, remark = _NUMBER_FIELDS[field]
    item = _numbers.decode(raw)
    limits = (
        item.max_daily_conversations_per_business,
        item.max_daily_conversation_per_phone,
        item.current_limit,
    )
    return NumberNews(
        waba_id=waba_id,
        kind=kind,
        event=event(item) or "",
        at=at,
        phone_number_id=None if item.phone_number_id is None else str(item.phone_number_id),
        number=with_plus(item.display_phone_number),
        # The newest name first: the older two left the webhooks in February 2026.
        daily_limit=next((limit for limit in map(daily_limit, limits) if limit is not None), None),
        remark=remark(item),
        restrictions=tuple(
            Restriction(row.restriction_type, moment(row.expiration)) for row in item.restriction_info
        ),
    )


def _template_news(field: str, item: _Template, waba_id: str, at: datetime | None) -> TemplateNews:
    news = TemplateNews(
        waba_id=waba_id,
        kind="components",
        template_id=str(item.message_template_id),
        name=item.message_template_name,
        language=item.message_template_language.replace("-", "_"),
        at=at,
        category=item.message_template_category,
    )
    # By keys before field: one of Meta's samples shows the quality under the status's field.
    if item.new_quality_score:
        return replace(news, kind="quality", new=item.new_quality_score, previous=item.previous_quality_score)
    if item.correct_category:
        # In the notice `new_category` is the present one.
        return replace(
            news,
            kind="category_notice",
            new=item.correct_category,
            previous=item.new_category,
            effective_at=moment(item.category_update_timestamp),
        )
    if item.new_category:
        return replace(news, kind="category", new=item.new_category, previous=item.previous_category)
    if item.event:
        return replace(news, kind="status", new=item.event, reason=_reason(item), remark=_remark(item))
    if field != "message_template_components_update":
        raise ValueError
    return news


def _reason(item: _Template) -> str | None:
    if item.reason and item.reason != "NONE":
        return item.reason
    return item.other_info.title if item.other_info else None


def _remark(item: _Template) -> str | None:
    if item.rejection_info:
        return item.rejection_info.recommendation or item.rejection_info.reason
    return item.other_info.description if item.other_info else None
