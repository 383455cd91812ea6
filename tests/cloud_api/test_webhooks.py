import json
from datetime import UTC, datetime
from typing import Any

import pytest

from difusio.cloud_api import webhooks
from difusio.cloud_api.news import (
    UNLIMITED,
    IdentityChange,
    InboundMessage,
    Media,
    News,
    NumberNews,
    Poison,
    Preference,
    Restriction,
    Status,
    StatusUpdate,
    TemplateNews,
    Unknown,
    daily_limit,
)
from difusio.cloud_api.webhooks import event_key, looks_inbound, named, read_webhook
from tests.cloud_api.examples import webhook, webhook_names

NUMBER = "106540352242922"
WABA = "102290129340398"
USER = "US.10000000000000000101"
DEEP = b"[" * 20_000
WAMID = "wamid.HBgLMTIwMjU1NTAxMDEVAgARGBJFRkYzNkZFMDNCMDAwMjUxMEEA"


def it_reads_a_status() -> None:
    assert _only("messages.status.sent") == StatusUpdate(
        phone_number_id=NUMBER,
        wamid=WAMID,
        token="job-42:rcpt-7",
        status=Status.SENT,
        at=datetime.fromtimestamp(1790000010, UTC),
        phone="+12025550101",
        user_id=USER,
        pricing_type="regular",
        pricing_category="marketing",
    )


def it_reads_in_one_go_what_it_reads_with_care() -> None:
    posts = [webhook(name) for name in webhook_names()]
    statuses = [raw for raw in posts if webhooks._only_statuses(raw)]

    assert [list(read_webhook(raw)) for raw in posts] == [
        list(webhooks._read_with_care(raw)) for raw in posts
    ]
    assert len(statuses) >= 15


def it_names_the_numbers_and_accounts_of_a_post_however_broken() -> None:
    raw = webhook("messages.status.sent")

    assert named(raw) == sorted([NUMBER, WABA])
    assert named(raw[:-40]) == [NUMBER]
    assert named(b'{"text": "\\"phone_number_id\\": 5"}') == []
    assert named(DEEP) == []


def it_reads_why_a_message_failed() -> None:
    failed = _only("messages.status.failed.131050-user-stopped-marketing")

    assert isinstance(failed, StatusUpdate)
    assert (failed.status, failed.error_code, failed.token) == (Status.FAILED, 131050, "job-42:rcpt-7")


def it_reads_a_status_of_somebody_without_a_number() -> None:
    status = _only("messages.status.delivered.to-bsuid-no-phone")

    assert isinstance(status, StatusUpdate)
    assert (status.phone, status.user_id) == (None, USER)


def it_names_the_member_of_a_group_not_the_group() -> None:
    status = _only("messages.status.group-read")

    assert isinstance(status, StatusUpdate)
    assert (status.phone, status.group_id) == ("+12025550101", "Y2FwaV9ncm91cDpFWEFNUExF")


def it_reads_a_status_that_names_only_the_token_or_only_the_message() -> None:
    token = _read(_post(statuses=[{"status": "sent", "timestamp": 1, "biz_opaque_callback_data": "t"}]))
    wamid = _read(_post(statuses=[{"status": "sent", "timestamp": "1", "id": "w"}]))

    assert [(s.wamid, s.token) for s in (*token, *wamid) if isinstance(s, StatusUpdate)] == [
        (None, "t"),
        ("w", None),
    ]


def it_reads_a_text() -> None:
    assert _only("messages.inbound.text") == InboundMessage(
        phone_number_id=NUMBER,
        waba_id=WABA,
        wamid="wamid.HBgLMTIwMjU1NTAxMDEVAgASGBQzQTk4MkQ5RTNFQjk5NkY1NTlFNgA=",
        from_phone="+12025550101",
        from_user_id=USER,
        profile_name="Ona Exemple",
        at=datetime.fromtimestamp(1790000000, UTC),
        kind="text",
        text="Is the blue one still available?",
    )


@pytest.mark.parametrize(
    ("name", "text", "payload"),
    [
        ("button.template-quick-reply", "Stop promotions", "optout:campaign-42"),
        ("interactive.button_reply", "Yes, subscribe me", "confirm-yes"),
        ("interactive.list_reply", "Events", "topic-events"),
        (
            "interactive.nfm_reply",
            "Sent",
            '{"flow_token": "ft-0001", "topics": ["events", "offers"], "consent": true}',
        ),
        ("interactive.call_permission_reply", None, "accept"),
        ("image", "Front of the parcel", None),
        ("reaction", "👍", None),
        ("reaction.removed", None, None),
        ("order", "Love these!", None),
        ("edit.coexistence", "Edited text", None),
        ("text.stop-keyword", "STOP", None),
        ("sticker", None, None),
        ("unsupported", None, None),
    ],
)
def it_reads_the_words_and_what_we_hid_behind_them(name: str, text: str | None, payload: str | None) -> None:
    message = _only(f"messages.inbound.{name}")

    assert isinstance(message, InboundMessage)
    assert (message.text, message.payload) == (text, payload)


@pytest.mark.parametrize(
    ("name", "wamid"),
    [
        ("text.reply", WAMID),
        ("reaction", WAMID),
        ("revoke.coexistence", "wamid.HBgLMTIwMjU1NTAxMDEVAgASGBQzQTk4MkQ5RTNFQjk5NkY1NTlFNgA="),
        ("text.forwarded", None),
        ("text", None),
    ],
)
def it_knows_which_message_this_one_is_about(name: str, wamid: str | None) -> None:
    message = _only(f"messages.inbound.{name}")

    assert isinstance(message, InboundMessage)
    assert message.context_wamid == wamid


def it_keeps_a_file_by_its_id() -> None:
    message = _only("messages.inbound.document")

    assert isinstance(message, InboundMessage)
    assert message.media == Media("1003383421387258", "application/pdf", "receipt.pdf")


def it_never_drops_a_message_for_want_of_a_number() -> None:
    message = _only("messages.inbound.text.username-no-phone")

    assert isinstance(message, InboundMessage)
    assert (message.from_phone, message.from_user_id) == (None, USER)
    assert message.profile_name == "Ona Exemple"


def it_takes_the_id_from_beside_the_name_where_the_message_lacks_it() -> None:
    raw = _post(
        contacts=[{"wa_id": "12025550101", "user_id": "US.1"}],
        messages=[{"id": "w", "timestamp": "1", "type": "text", "text": {"body": "STOP"}}],
    )

    (message,) = _read(raw)

    assert isinstance(message, InboundMessage)
    assert (message.from_phone, message.from_user_id) == ("+12025550101", "US.1")


def it_reads_changes_of_number_and_id_as_no_message() -> None:
    changed = _only("messages.inbound.system.user_changed_number")
    renamed = _only("messages.inbound.system.user_changed_user_id")
    device = _only("messages.inbound.system.customer_identity_changed")

    assert changed == IdentityChange(
        phone_number_id=NUMBER,
        waba_id=WABA,
        wamid="wamid.HBgLMTIwMjU1NTAxMDEVAgASGBQzQUY1NjM4MTFCMjk0MDg5Q0FBNQA=",
        kind="user_changed_number",
        at=datetime.fromtimestamp(1790000000, UTC),
        old_phone="+12025550101",
        old_user_id=USER,
        new_phone="+12025550103",
        new_user_id="US.10000000000000000103",
    )
    assert isinstance(renamed, IdentityChange)
    assert (renamed.old_user_id, renamed.new_user_id) == (USER, "US.10000000000000000103")
    assert isinstance(device, IdentityChange)
    assert device.new_user_id is None


@pytest.mark.parametrize(
    ("name", "signup"), [("stop", None), ("resume", None), ("signup", "9876543210123456")]
)
def it_reads_whatsapps_own_switch(name: Any, signup: str | None) -> None:
    assert _only(f"user_preferences.{name}") == Preference(
        phone_number_id=NUMBER,
        waba_id=WABA,
        kind=name,
        phone="+12025550101",
        user_id=USER,
        at=datetime.fromtimestamp(1790000600, UTC),
        profile_name="Ona Exemple",
        signup_id=signup,
    )


def it_reads_what_metas_own_agent_was_told() -> None:
    message, status = _only("standby.message"), _only("standby.status")

    assert isinstance(message, InboundMessage)
    assert isinstance(status, StatusUpdate)
    assert message.standby
    assert status.standby


def it_reads_a_batch_of_many_kinds() -> None:
    kinds = [type(news) for news in _read(webhook("batch.out-of-order-and-mixed"))]

    assert kinds[:3] == [StatusUpdate, StatusUpdate, InboundMessage]
    assert Preference in kinds
    assert Poison not in kinds


@pytest.mark.parametrize(
    ("name", "kind", "new", "previous", "reason"),
    [
        ("message_template_status_update.approved", "status", "APPROVED", None, None),
        ("message_template_status_update.paused.pacing", "status", "PAUSED", None, "RATE_LIMITING_PAUSE"),
        ("message_template_status_update.rejected", "status", "REJECTED", None, "INVALID_FORMAT"),
        ("message_template_status_update.deleted", "status", "DELETED", None, None),
        ("message_template_quality_update", "quality", "YELLOW", "GREEN", None),
        ("template_category_update.done", "category", "MARKETING", "UTILITY", None),
        ("template_category_update.impending", "category_notice", "MARKETING", "UTILITY", None),
        ("message_template_components_update", "components", None, None, None),
    ],
)
def it_reads_news_of_templates(
    name: str, kind: str, new: str | None, previous: str | None, reason: str | None
) -> None:
    news = _only(name)

    assert isinstance(news, TemplateNews)
    assert (news.kind, news.new, news.previous, news.reason) == (kind, new, previous, reason)
    assert (news.template_id, news.name, news.language) == ("1689556908129832", "autumn_newsletter", "ca")


def it_tells_quality_by_its_keys_where_meta_names_another_field() -> None:
    raw = webhook("message_template_quality_update").replace(b"_quality_update", b"_status_update")

    (news,) = _read(raw)

    assert isinstance(news, TemplateNews)
    assert news.kind == "quality"


@pytest.mark.parametrize(
    ("name", "kind", "event", "limit"),
    [
        ("phone_number_quality_update.throughput-upgrade", "quality", "THROUGHPUT_UPGRADE", UNLIMITED),
        ("phone_number_quality_update.legacy-fields", "quality", "ONBOARDING", 250),
        ("business_capability_update", "capability", "", 2000),
        ("business_capability_update.new-portfolio", "capability", "", 250),
        ("phone_number_name_update", "name", "APPROVED", None),
        ("business_username_updates", "username", "approved", None),
        ("security.pin-reset", "security", "PIN_RESET_REQUEST", None),
        ("account_review_update", "review", "APPROVED", None),
        ("account_alerts.limit-deferred", "alert", "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED", None),
        ("account_update.violation", "account", "ACCOUNT_VIOLATION", None),
        ("messages.errors", "error", "Rate limit hit", None),
    ],
)
def it_reads_news_of_numbers_and_accounts(name: str, kind: str, event: str, limit: int | None) -> None:
    news = _only(name)

    assert isinstance(news, NumberNews)
    assert (news.kind, news.event, news.daily_limit) == (kind, event, limit)


def it_reads_until_when_an_account_is_restricted() -> None:
    news = _only("account_update.restriction")

    assert isinstance(news, NumberNews)
    assert news.restrictions[0] == Restriction(
        "RESTRICTED_BIZ_INITIATED_MESSAGING", datetime.fromtimestamp(1790260800, UTC)
    )


@pytest.mark.parametrize(
    "name", ["history.chunk", "smb_message_echoes.text", "messages.user_actions.link-click"]
)
def it_passes_over_what_is_not_for_us(name: str) -> None:
    assert isinstance(_only(name), Unknown)


def it_finds_no_poison_in_any_of_metas_examples() -> None:
    for name in webhook_names():
        news = _read(webhook(name))

        assert news, name
        assert not [item for item in news if isinstance(item, Poison)], name


@pytest.mark.parametrize(
    "poison",
    [
        b'{"id":5,"status":"sent","timestamp":"1"}',
        b'{"id":"w","status":"sent","timestamp":"soon"}',
        b'{"id":"w","status":"sent","timestamp":"1e999"}',
        b'{"id":"w","status":"sent","timestamp":99999999999999999999}',
        b'{"id":"w","status":"levitated","timestamp":"1"}',
        b'{"id":"w\xff\xfe","status":"sent","timestamp":"1"}',
        b'{"status":"sent","timestamp":"1"}',
        b'"sent"',
        b"null",
        b"[[[[]]]]",
    ],
)
def it_keeps_one_poisoned_update_among_a_thousand_alone(poison: bytes) -> None:
    good = [{"id": f"w{n}", "status": "delivered", "timestamp": "1790000000"} for n in range(1000)]
    items = [json.dumps(item).encode() for item in good]
    items[500] = poison

    news = _read(_post(statuses=[]).replace(b"[]", b"[" + b",".join(items) + b"]"))

    assert len(news) == 1000
    assert [type(item) for item in news].count(StatusUpdate) == 999
    assert isinstance(news[500], Poison)
    assert news[500].raw == poison


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"object":"whatsapp_business_account"}',
        b'{"entry":5}',
        b"{}",
        b"[" * 20_000,
    ],
)
def it_makes_poison_of_a_post_that_is_no_webhook(raw: bytes) -> None:
    (news,) = _read(raw)

    assert isinstance(news, Poison)
    assert news.raw == raw


def it_survives_brackets_nested_by_the_thousand() -> None:
    nested = _post(statuses=[]).replace(b"[]", DEEP + DEEP.replace(b"[", b"]"))

    assert [type(item) for item in _read(nested)] == [Poison]


def it_goes_on_after_an_entry_or_a_change_that_is_broken() -> None:
    change = {"field": "messages", "value": {"statuses": [{"id": "w", "status": "sent", "timestamp": 1}]}}
    post = {"entry": [7, {"id": WABA, "time": "x"}, {"id": WABA, "changes": [1, {"field": "a"}, change]}]}

    kinds = [type(item) for item in _read(json.dumps(post).encode())]

    assert kinds == [Poison, Poison, Poison, Poison, StatusUpdate]


def it_says_that_anothers_object_or_field_is_unknown() -> None:
    change = {"field": "brand_new", "value": {"a": 1}}

    (page,) = _read(b'{"object":"page","entry":[]}')
    (field,) = _read(json.dumps({"entry": [{"id": WABA, "changes": [change]}]}).encode())

    assert isinstance(page, Unknown)
    assert isinstance(field, Unknown)
    assert (page.field, field.field) == ("object page", "brand_new")


def it_takes_a_change_without_its_envelope_or_its_field() -> None:
    value = json.loads(webhook("messages.inbound.text"))["entry"][0]["changes"][0]["value"]

    bare = _read(json.dumps({"field": "messages", "value": value}).encode())
    unnamed = _read(json.dumps({"entry": [{"id": WABA, "changes": [{"value": value}]}]}).encode())
    flat = _read(json.dumps({"entry": [{"id": WABA, "field": "messages", "value": value}]}).encode())

    assert [[type(item) for item in news] for news in (bare, unnamed, flat)] == [[InboundMessage]] * 3


def it_keeps_a_message_whose_senders_name_is_broken() -> None:
    raw = _post(contacts=[{"profile": 3}], messages=[{"id": "w", "from": "1202", "timestamp": "1"}])

    (message,) = _read(raw)

    assert isinstance(message, InboundMessage)
    assert (message.profile_name, message.kind) == (None, "unknown")


def it_looks_into_the_first_lane_exactly_for_people() -> None:
    people = (InboundMessage, IdentityChange, Preference)
    for name in webhook_names():
        raw = webhook(name)
        # Whether Meta writes white space or not.
        for body in (raw, json.dumps(json.loads(raw), separators=(",", ":")).encode()):
            assert looks_inbound(body) == any(isinstance(item, people) for item in _read(body)), name


def it_does_not_take_the_word_messages_for_a_message() -> None:
    statuses = [
        {"id": "w", "status": "sent", "timestamp": 1, "biz_opaque_callback_data": '"messages":[{"a":1}]'}
    ]

    assert not looks_inbound(_post(statuses=statuses))
    assert not looks_inbound(_post(statuses=statuses, messages=[]))
    assert looks_inbound(_post(statuses=statuses, messages=[{"id": "w", "from": "1", "timestamp": 1}]))


def it_gives_one_key_to_every_repetition_and_another_to_every_other_event() -> None:
    first = _update()
    others = [
        _update(wamid="other"),
        _update(status=Status.READ),
        _update(at=datetime.fromtimestamp(2, UTC)),
        _update(error_code=131026),
        _update(phone_number_id="other"),
        _update(wamid=None),
        _update(wamid=None, token="other"),
    ]

    keys = [event_key(update) for update in (first, *others)]

    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}
    # A repetition may lack the token, the price or the person.
    assert event_key(_update(token=None, phone="+1", pricing_type="regular")) == keys[0]
    assert event_key(first, key=b"secret") != keys[0]


@pytest.mark.parametrize(
    ("step", "limit"),
    [
        ("TIER_250", 250),
        ("TIER_100K", 100_000),
        ("TIER_UNLIMITED", UNLIMITED),
        (-1, UNLIMITED),
        (2000, 2000),
        ("TIER_NOT_SET", None),
        ("", None),
        (None, None),
    ],
)
def it_reads_a_messaging_limit_as_step_and_as_number(step: str | int | None, limit: int | None) -> None:
    assert daily_limit(step) == limit


def _read(raw: bytes) -> list[News]:
    return list(read_webhook(raw))


def _only(name: str) -> News:
    (news,) = _read(webhook(name))
    return news


def _post(**value: Any) -> bytes:
    value = {"metadata": {"phone_number_id": NUMBER}, **value}
    return json.dumps({"entry": [{"id": WABA, "changes": [{"field": "messages", "value": value}]}]}).encode()


def _update(**parts: Any) -> StatusUpdate:
    given: dict[str, Any] = {
        "phone_number_id": NUMBER,
        "wamid": "w",
        "token": "t",
        "status": Status.SENT,
        "at": datetime.fromtimestamp(1, UTC),
    }
    return StatusUpdate(**(given | parts))
