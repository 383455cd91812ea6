"""What the account's messages came to: by template, by number, by price; counted, not made up.

Source: DOC/analytics (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from whatsapp_simulator.graph.calls import Call, listed, moment_of, one_of
from whatsapp_simulator.graph.errors import parameter, refused
from whatsapp_simulator.graph.fields import Field, page
from whatsapp_simulator.tallies import DAY_S, HALF_HOUR_S, Amount, Day, Stretch
from whatsapp_simulator.world import World

_SPANS = {"HALF_HOUR": HALF_HOUR_S, "DAY": DAY_S, "DAILY": DAY_S, "MONTH": 30 * DAY_S, "MONTHLY": 30 * DAY_S}
_METRICS = ("SENT", "DELIVERED", "READ", "CLICKED", "COST", "REPLIED")
_LOOKBACK_S = 90 * DAY_S
_MOST_TEMPLATES = 10
_NOT_ENABLED = 200007

Bucket = tuple[int, tuple[str, ...]]


def templates(call: Call) -> object:
    """Answer `GET /{waba}/template_analytics`: day by day, at most ten templates, ninety days back."""
    params = call.params()
    if not call.world.account.has_insights:
        raise refused(_NOT_ENABLED, "Confirm template insights first: is_enabled_for_insights=true.")
    start, end = moment_of(params, "start"), moment_of(params, "end")
    one_of(params.get("granularity"), "granularity", ("DAILY",))
    if start >= end or start < call.now - _LOOKBACK_S - DAY_S:
        raise parameter("(#100) Param start must be before end and at most 90 days ago.")
    ids = [str(one) for one in listed(params.get("template_ids"), "template_ids", most=_MOST_TEMPLATES)]
    metrics = [
        one_of(one, "metric_types", _METRICS)
        for one in listed(params.get("metric_types", list(_METRICS[:4])), "metric_types")
    ]
    points = []
    for template_id in ids:
        if call.world.catalogue.of_id(template_id) is None:
            raise parameter("(#100) Param template_ids holds an id that is not a template of this account.")
        for day_start, day in call.world.tallies.days(template_id, start=start - DAY_S + 1, end=end):
            head = {"template_id": template_id, "start": day_start, "end": day_start + DAY_S}
            points.append({**head, **_metrics(day, metrics)})
    row = {"granularity": "DAILY", "product_type": "cloud_api", "data_points": points}
    return page([row], call.query, call.request.url)


def groups(call: Call) -> object:
    """Answer `GET /{waba}/template_group_analytics`: the sums of the templates of each group."""
    params = call.params()
    start, end = moment_of(params, "start"), moment_of(params, "end")
    one_of(params.get("granularity", "DAILY"), "granularity", ("DAILY",))
    points = []
    for group_id in listed(params.get("template_group_ids"), "template_group_ids", most=_MOST_TEMPLATES):
        group = call.world.account.template_groups.get(str(group_id))
        if group is None:
            raise parameter(
                "(#100) Param template_group_ids holds an id that is not a group of this account."
            )
        sums: dict[int, Day] = defaultdict(Day)
        for template_id in group["template_ids"]:
            for day_start, day in call.world.tallies.days(template_id, start=start - DAY_S + 1, end=end):
                _add(sums[day_start], day)
        for day_start, day in sorted(sums.items()):
            head = {"template_group_id": str(group_id), "start": day_start, "end": day_start + DAY_S}
            points.append({**head, **_metrics(day, list(_METRICS[:5]))})
    row = {"granularity": "DAILY", "product_type": "cloud_api", "data_points": points}
    return page([row], call.query, call.request.url)


def messages(world: World, field: Field) -> object:
    """Work out the field `analytics`: how many messages each number sent and brought."""
    numbers, countries = _words(field, "phone_numbers"), _words(field, "country_codes")
    span, word = _span(field, ("HALF_HOUR", "DAY", "MONTH"))
    chosen = _buckets(world, field, span, lambda _: (), numbers, countries)
    return {
        "phone_numbers": numbers or [line.number.digits for line in world.lines.values()],
        **({"country_codes": countries} if countries else {}),
        "granularity": word,
        "data_points": [
            {"start": start, "end": start + span, "sent": amount.sent, "delivered": amount.delivered}
            for (start, _), amount in sorted(chosen.items())
        ],
    }


def conversations(world: World, field: Field) -> object:
    """Work out the field `conversation_analytics`; since 2025-07-01 what it counts are messages."""
    dimensions = _dimensions(field, ("CONVERSATION_CATEGORY", "CONVERSATION_TYPE", "COUNTRY", "PHONE"))
    names = {
        "CONVERSATION_CATEGORY": lambda stretch: stretch.category,
        "CONVERSATION_TYPE": lambda stretch: stretch.pricing_type.upper() or "UNKNOWN",
        "COUNTRY": lambda stretch: stretch.country,
        "PHONE": lambda stretch: stretch.phone,
    }
    span, _ = _span(field, ("HALF_HOUR", "DAILY", "MONTHLY"))
    points = [
        {"start": start, "end": start + span, "conversation": amount.delivered, **named, "cost": amount.cost}
        for start, named, amount in _by_dimension(world, field, span, dimensions, names)
    ]
    return {"data": [{"data_points": points}]}


def prices(world: World, field: Field) -> object:
    """Work out the field `pricing_analytics`: how many messages at which price."""
    dimensions = _dimensions(field, ("PRICING_CATEGORY", "PRICING_TYPE", "COUNTRY", "PHONE", "TIER"))
    names = {
        "PRICING_CATEGORY": lambda stretch: stretch.category,
        "PRICING_TYPE": lambda stretch: stretch.pricing_type.upper() or "REGULAR",
        "COUNTRY": lambda stretch: stretch.country,
        "PHONE": lambda stretch: stretch.phone,
        "TIER": lambda _: "",
    }
    span, _ = _span(field, ("HALF_HOUR", "DAILY", "MONTHLY"))
    points = [
        {"start": start, "end": start + span, **named, "volume": amount.delivered, "cost": amount.cost}
        for start, named, amount in _by_dimension(world, field, span, dimensions, names)
    ]
    return {"data": [{"data_points": points}]}


def _metrics(day: Day, metrics: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    clicks = sum(count for (kind, _), count in day.clicks.items() if kind == "url_button")
    for metric in metrics:
        if metric == "CLICKED":
            told["clicked"] = [
                {"type": kind, "button_content": label, "count": count}
                for (kind, label), count in sorted(day.clicks.items())
            ]
        elif metric == "COST":
            told["cost"] = [{"type": "amount_spent", "value": round(day.cost, 4)}]
            if day.delivered:
                told["cost"].append(
                    {"type": "cost_per_delivered", "value": round(day.cost / day.delivered, 4)}
                )
            if clicks:
                told["cost"].append(
                    {"type": "cost_per_url_button_click", "value": round(day.cost / clicks, 4)}
                )
        elif metric != "REPLIED":
            told[metric.lower()] = getattr(day, metric.lower())
    return told


def _add(total: Day, day: Day) -> None:
    total.sent += day.sent
    total.delivered += day.delivered
    total.read += day.read
    total.cost += day.cost
    total.clicks.update(day.clicks)


def _moment(field: Field, name: str) -> int:
    return moment_of(field.arguments, name)


def _span(field: Field, words: tuple[str, ...]) -> tuple[int, str]:
    word = one_of(field.arguments.get("granularity", ""), "granularity", words)
    return _SPANS[word], word


def _words(field: Field, name: str) -> list[str]:
    return [str(one) for one in listed(field.arguments.get(name, "[]") or "[]", name)]


def _dimensions(field: Field, allowed: tuple[str, ...]) -> list[str]:
    return [one_of(one, "dimensions", allowed) for one in _words(field, "dimensions")]


def _by_dimension(
    world: World,
    field: Field,
    span: int,
    dimensions: list[str],
    names: dict[str, Callable[[Stretch], str]],
) -> Iterable[tuple[int, dict[str, str], Amount]]:
    def told(stretch: Stretch) -> tuple[str, ...]:
        return tuple(names[one](stretch) for one in dimensions)

    numbers, countries = _words(field, "phone_numbers"), _words(field, "country_codes")
    for (start, values), amount in sorted(_buckets(world, field, span, told, numbers, countries).items()):
        if amount.delivered:
            named = {one.lower(): value for one, value in zip(dimensions, values, strict=True)}
            if "phone" in named:
                named["phone_number"] = named.pop("phone")
            yield start, named, amount


def _buckets(
    world: World,
    field: Field,
    span: int,
    told: Callable[[Stretch], tuple[str, ...]],
    numbers: list[str],
    countries: list[str],
) -> dict[Bucket, Amount]:
    start, end = _moment(field, "start"), _moment(field, "end")
    wanted = {"".join(filter(str.isdigit, number)) for number in numbers}
    sums: dict[Bucket, Amount] = defaultdict(Amount)
    for stretch, amount in world.tallies.stretches.items():
        if not start - HALF_HOUR_S < stretch.start < end:
            continue
        if (wanted and stretch.phone not in wanted) or (countries and stretch.country not in countries):
            continue
        total = sums[stretch.start // span * span, told(stretch)]
        total.sent += amount.sent
        total.delivered += amount.delivered
        total.cost += amount.cost
    return sums
