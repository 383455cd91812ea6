"""The account over the Graph API: who is subscribed, how often one may ask, what Meta does to it; the figures."""

import hashlib
import hmac
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from whatsapp_simulator.receiver import Receiver
from whatsapp_simulator.running import Reply, RunningSimulator
from whatsapp_simulator.scenario import Rules, Setup

Starter = Callable[..., RunningSimulator]
Sender = Callable[..., Reply]

NUMBER, WABA, APP = "106540352242922", "102290129340398", "634974688087057"
NEWS = "1689556908129832"
TOKEN, VERIFY = "simulated-access-token", "simulated-verify-token"
ASHA = "+34600000001"
START, DAY_S = 1_790_000_000, 86_400


def heard(receiver: Receiver, field: str) -> list[dict[str, Any]]:
    changes = [change for webhook in receiver.webhooks for change in webhook.changes]
    return [change["value"] for change in changes if change["field"] == field]


def fields_heard(receiver: Receiver) -> set[str]:
    return {change["field"] for webhook in receiver.webhooks for change in webhook.changes}


def headers_of(simulator: RunningSimulator, path: str) -> dict[str, str]:
    asking = urllib.request.Request(
        f"{simulator.url}/v26.0/{path}", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    try:
        with urllib.request.urlopen(asking, timeout=10) as answer:
            return dict(answer.headers)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return dict(refusal.headers)


def it_sends_the_account_elsewhere_and_back(simulator: RunningSimulator, receiver: Receiver) -> None:
    with Receiver(Setup(verify_token="other")) as elsewhere:
        override = {"override_callback_uri": elsewhere.url, "verify_token": "other"}
        wrong = simulator.graph("POST", f"{WABA}/subscribed_apps", {**override, "verify_token": "no"})
        told = simulator.graph("POST", f"{WABA}/subscribed_apps", override).body
        simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
        simulator.control("POST", "account/review", {"decision": "APPROVED"})
        simulator.advance(0)

        assert (wrong.status, wrong.code) == (400, 2200)
        assert told["data"][0]["override_callback_uri"] == elsewhere.url
        assert fields_heard(elsewhere) == {"messages", "account_review_update"}
        assert receiver.webhooks == []
        shown = simulator.graph("GET", f"{NUMBER}?fields=webhook_configuration").body["webhook_configuration"]
        assert shown == {"application": receiver.url, "whatsapp_business_account": elsewhere.url}
        assert simulator.graph("POST", f"{WABA}/subscribed_apps").body == {"success": True}
        simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
        simulator.advance(0)

    assert fields_heard(receiver) == {"messages"}


def it_gives_a_number_a_callback_of_its_own(simulator: RunningSimulator, receiver: Receiver) -> None:
    with Receiver(Setup(verify_token="other")) as elsewhere:
        override = {"override_callback_uri": elsewhere.url, "verify_token": "other"}
        assert simulator.graph("POST", NUMBER, {"webhook_configuration": override}).body == {"success": True}
        simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
        simulator.control("POST", "account/review", {"decision": "APPROVED"})
        simulator.advance(0)

        assert fields_heard(elsewhere) == {"messages"}
        assert fields_heard(receiver) == {"account_review_update"}


def it_sends_nothing_to_whoever_is_not_subscribed(simulator: RunningSimulator, receiver: Receiver) -> None:
    assert (
        simulator.graph("GET", f"{WABA}/subscribed_apps").body["data"][0]["whatsapp_business_api_data"]["id"]
        == APP
    )

    simulator.graph("DELETE", f"{WABA}/subscribed_apps")
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.advance(0)

    assert simulator.graph("GET", f"{WABA}/subscribed_apps").body == {"data": []}
    assert receiver.webhooks == []
    assert simulator.control("GET", "counts")["webhooks"]["unsubscribed"] == 1


def it_sends_only_the_fields_the_app_listens_to(simulator: RunningSimulator, receiver: Receiver) -> None:
    path, what = f"{APP}/subscriptions", {"object": "whatsapp_business_account"}

    assert simulator.graph("POST", path, {**what, "fields": ["weather"]}).code == 100
    assert simulator.graph("POST", path, {"object": "page", "fields": ["messages"]}).code == 100
    told = {
        **what,
        "fields": "account_review_update,account_alerts",
        "callback_url": receiver.url,
        "verify_token": VERIFY,
    }
    assert simulator.graph("POST", path, told).body == {"success": True}
    simulator.graph("DELETE", f"{path}?object=whatsapp_business_account&fields=account_alerts")
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})
    simulator.control("POST", "account/alert")
    simulator.control("POST", "account/review")
    simulator.advance(0)

    assert fields_heard(receiver) == {"account_review_update"}
    (row,) = simulator.graph("GET", path).body["data"]
    assert [one["name"] for one in row["fields"]] == ["account_review_update"]


def it_counts_management_calls_and_tells_how_many_are_left(start: Starter, send: Sender) -> None:
    simulator = start(rules=Rules(management_calls_per_hour=4))
    usage = headers_of(simulator, WABA)["X-Business-Use-Case-Usage"]
    for _ in range(3):
        assert simulator.graph("GET", f"{WABA}/phone_numbers").status == 200

    assert usage.startswith('{"102290129340398":[{"type":"whatsapp","call_count":25,')
    assert simulator.graph("GET", f"{WABA}/message_templates").code == 80007
    assert '"estimated_time_to_regain_access":61' in headers_of(simulator, WABA)["X-Business-Use-Case-Usage"]
    assert send(simulator).status == 200
    assert simulator.graph("GET", NUMBER).status == 200
    simulator.advance(3_601)
    assert simulator.graph("GET", WABA).status == 200


def it_counts_the_other_calls_for_the_app(start: Starter) -> None:
    simulator = start(rules=Rules(app_calls_per_hour=2))
    assert (
        headers_of(simulator, NUMBER)["X-App-Usage"] == '{"call_count":50,"total_cputime":50,"total_time":50}'
    )
    simulator.graph("GET", NUMBER)

    assert simulator.graph("GET", NUMBER).code == 4
    assert simulator.graph("GET", WABA).status == 200


def it_allows_five_thousand_calls_an_hour_with_a_registered_number(simulator: RunningSimulator) -> None:
    assert '"call_count":0,' in headers_of(simulator, WABA)["X-Business-Use-Case-Usage"]
    simulator.graph("POST", f"{NUMBER}/deregister")

    for _ in range(3):
        told = headers_of(simulator, WABA)["X-Business-Use-Case-Usage"]

    assert '"call_count":2,' in told


def it_wants_a_proof_where_the_app_requires_one(start: Starter) -> None:
    simulator = start(setup={"require_appsecret_proof": True})
    proof = hmac.new(b"simulated-app-secret", TOKEN.encode(), hashlib.sha256).hexdigest()

    assert simulator.graph("GET", WABA).code == 100
    assert simulator.graph("GET", f"{WABA}?appsecret_proof={proof}").status == 200


def it_debugs_tokens(simulator: RunningSimulator) -> None:
    good = simulator.graph("GET", f"debug_token?input_token={TOKEN}").body["data"]
    bad = simulator.graph("GET", "debug_token?input_token=x").body["data"]
    own = simulator.graph("GET", f"debug_token?input_token={APP}%7Csimulated-app-secret").body["data"]

    assert (good["is_valid"], good["app_id"]) == (True, APP)
    assert "whatsapp_business_messaging" in good["scopes"]
    assert (bad["is_valid"], bad["error"]["code"]) == (False, 190)
    assert (own["is_valid"], own["app_id"], own["type"]) == (True, APP, "APP")
    assert simulator.graph("GET", "debug_token").code == 100


def it_refuses_sends_of_a_banned_account_and_of_a_restricted_one(
    simulator: RunningSimulator, receiver: Receiver, send: Sender, write_text: Sender
) -> None:
    simulator.control("POST", f"people/{ASHA}/write", {"text": "Hola"})

    simulator.control("POST", "account/ban")
    assert (send(simulator).code, write_text(simulator).code) == (131031, 131031)
    health = simulator.graph("GET", f"{NUMBER}?fields=health_status").body["health_status"]
    assert health["can_send_message"] == "BLOCKED"
    simulator.control("POST", "account/reinstate")
    assert send(simulator).status == 200
    simulator.control("POST", "account/restrict", {"seconds": 60})
    assert (send(simulator).code, write_text(simulator).status) == (368, 200)
    told = {"cc": "34", "phone_number": "931234567", "verified_name": "A"}
    assert simulator.graph("POST", f"{WABA}/phone_numbers", told).code == 368
    simulator.advance(61)

    assert send(simulator).status == 200
    events = [one["event"] for one in heard(receiver, "account_update")]
    assert events == ["DISABLED_UPDATE", "DISABLED_UPDATE", "ACCOUNT_RESTRICTION"]


def it_switches_marketing_on_messages_off_and_on(simulator: RunningSimulator, send: Sender) -> None:
    for disabled, code in ((True, 131063), (False, None)):
        told = simulator.graph("POST", WABA, {"disable_marketing_messages_on_cloud_api": disabled})

        assert told.body == {"success": True}
        assert send(simulator).code == code
    assert simulator.graph("POST", WABA, {}).code == 100


def it_raises_throughput_and_the_limit(simulator: RunningSimulator, receiver: Receiver) -> None:
    simulator.control("POST", f"numbers/{NUMBER}/throughput", {"mps": 1000})
    simulator.control("POST", f"numbers/{NUMBER}/limit", {"limit": "TIER_10K"})
    simulator.advance(0)

    fields = "throughput,whatsapp_business_manager_messaging_limit"
    assert simulator.graph("GET", f"{NUMBER}?fields={fields}").body == {
        "throughput": {"level": "HIGH"},
        "whatsapp_business_manager_messaging_limit": "TIER_10K",
        "id": NUMBER,
    }
    assert heard(receiver, "phone_number_quality_update")[0]["event"] == "THROUGHPUT_UPGRADE"
    (capability,) = heard(receiver, "business_capability_update")
    assert capability == {"max_daily_conversations_per_business": 10_000, "max_phone_numbers_per_waba": 25}


def _analytics(simulator: RunningSimulator, query: str = "") -> Reply:
    span = f"start={START - DAY_S}&end={START + DAY_S}&granularity=DAILY"
    return simulator.graph("GET", f"{WABA}/template_analytics?{span}&template_ids=[{NEWS}]{query}")


def it_tells_figures_only_once_insights_are_on(simulator: RunningSimulator) -> None:
    assert _analytics(simulator).code == 200007

    assert simulator.graph("POST", f"{WABA}?is_enabled_for_insights=true").body == {"id": WABA}
    assert _analytics(simulator).status == 200
    assert simulator.graph("POST", f"{WABA}?is_enabled_for_insights=false").code == 200006


@pytest.fixture
def busy(start: Starter, send: Sender) -> RunningSimulator:
    """A simulator that sent the newsletter to three people; two read it, and one tapped its quick reply."""
    simulator = start(rules=Rules(prices={"marketing": 0.05}), habits={"webhook_flush_s": 0})
    people = [{"phone": f"+3460000000{n}", "reads": n < 2, "read_receipts": True} for n in range(3)]
    simulator.control("POST", "people", {"people": people})
    parameters = [{"type": "text", "text": "Ona"}, {"type": "text", "text": "25OFF"}]
    link = {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "a"}]}
    for person in people:
        send(
            simulator,
            person["phone"],
            "autumn_newsletter",
            components=[{"type": "body", "parameters": parameters}, link],
        )
    simulator.advance(30_000)
    simulator.control("POST", "people/+34600000000/tap")
    simulator.graph("POST", f"{WABA}?is_enabled_for_insights=true")
    return simulator


def it_tells_what_a_template_came_to(busy: RunningSimulator) -> None:
    (row,) = _analytics(busy, "&metric_types=SENT,DELIVERED,READ,CLICKED,COST").body["data"]

    totals = {
        name: sum(point[name] for point in row["data_points"]) for name in ("sent", "delivered", "read")
    }
    assert totals == {"sent": 3, "delivered": 3, "read": 2}
    clicks = [one for point in row["data_points"] for one in point["clicked"]]
    assert clicks == [{"type": "quick_reply_button", "button_content": "Atura promocions", "count": 1}]
    spent = [
        one["value"] for point in row["data_points"] for one in point["cost"] if one["type"] == "amount_spent"
    ]
    assert round(sum(spent), 4) == 0.15


def it_tells_what_the_account_came_to(busy: RunningSimulator) -> None:
    span = f".start({START - DAY_S}).end({START + DAY_S})"
    fields = (
        f"analytics{span}.granularity(DAY),"
        f"conversation_analytics{span}.granularity(DAILY).dimensions([COUNTRY]),"
        f"pricing_analytics{span}.granularity(DAILY).dimensions([PRICING_CATEGORY,COUNTRY])"
    )

    told = busy.graph("GET", f"{WABA}?fields={fields}").body

    points = told["analytics"]["data_points"]
    assert (sum(one["sent"] for one in points), sum(one["delivered"] for one in points)) == (3, 3)
    talks = told["conversation_analytics"]["data"][0]["data_points"]
    assert [(one["conversation"], one["country"]) for one in talks] == [(3, "ES")]
    (price,) = told["pricing_analytics"]["data"][0]["data_points"]
    assert (price["pricing_category"], price["volume"], round(price["cost"], 4)) == ("MARKETING", 3, 0.15)


def it_compares_two_templates(busy: RunningSimulator) -> None:
    busy.control("POST", "people/+34600000002/block")
    other = busy.control("GET", "templates/plain_ca/ca")["id"]
    span = f"start={START - 7 * DAY_S + 40_000}&end={START + 40_000}"

    told = busy.graph("GET", f"{NEWS}/compare?template_ids=[{other}]&{span}").body["data"]

    assert [row["metric"] for row in told] == ["BLOCK_RATE", "MESSAGE_SENDS", "TOP_BLOCK_REASON"]
    assert told[0]["order_by_relative_metric"] == [other, NEWS]
    assert {one["key"]: one["value"] for one in told[1]["number_values"]} == {NEWS: 3, other: 0}
    for end in ("2", "9" * 400, "9" * 5000):
        assert busy.graph("GET", f"{NEWS}/compare?template_ids=[{other}]&start=1&end={end}").code == 100
    assert busy.graph("GET", f"{NEWS}/compare?template_ids={'[' * 5000}&{span}").code == 100


def it_expands_the_lists_of_the_account(simulator: RunningSimulator) -> None:
    told = simulator.graph(
        "GET", f"{WABA}?fields=name,phone_numbers{{id,status}},message_templates.limit(2){{name,status}}"
    ).body

    assert told["phone_numbers"]["data"] == [{"id": NUMBER, "status": "CONNECTED"}]
    assert [row["name"] for row in told["message_templates"]["data"]] == ["autumn_newsletter", "plain_ca"]


@pytest.mark.parametrize("fields", ["a{", "name}", "analytics.start(1", "{a}", "a" + "{a" * 20])
def it_refuses_fields_that_are_not_written_rightly(simulator: RunningSimulator, fields: str) -> None:
    assert simulator.graph("GET", f"{WABA}?fields={fields}").code in (100, 2500)


def it_shows_and_replaces_the_rules(simulator: RunningSimulator) -> None:
    rules = simulator.control("GET", "rules")

    assert simulator.control("PUT", "rules", {**rules, "pacing_after": 3})["pacing_after"] == 3
    with pytest.raises(Exception, match="unknown field"):
        simulator.control("PUT", "rules", {"colour": "green"})
