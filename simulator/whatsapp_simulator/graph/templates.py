"""Templates over the Graph API: sent in, edited, listed, compared, laid away and deleted.

Source: DOC/templates/template-management, /template-library, /template-comparison, /template-archival,
/template-migration (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Callable, Mapping
from typing import Any

from whatsapp_simulator import template_library
from whatsapp_simulator.catalogue import Standing
from whatsapp_simulator.graph.calls import (
    DONE,
    Call,
    listed,
    moment_of,
    one_of,
    text_of,
)  # fmt: skip
from whatsapp_simulator.graph.errors import parameter, refused, template_refused, unknown_id
from whatsapp_simulator.graph.fields import Field, asked, chosen, page
from whatsapp_simulator.graph.template_rules import CATEGORIES, check_components, check_new, check_options
from whatsapp_simulator.languages import LANGUAGES
from whatsapp_simulator.world import World

NODE = "WhatsAppMessageTemplate"
_OPTIONAL = (
    "message_send_ttl_seconds", "previous_category", "correct_category", "library_template_name",
    "cta_url_link_tracking_opted_out", "optimization_spec", "degrees_of_freedom_spec", "last_updated_time",
)  # fmt: skip
_SHOWN = (
    "name", "parameter_format", "components", "language", "status", "category", "sub_category", "id",
)  # fmt: skip
_EDITABLE = frozenset({"APPROVED", "REJECTED", "PAUSED", "DISABLED"})
_ARCHIVABLE = frozenset({"APPROVED", "REJECTED", "PAUSED"})
_DAY_S, _MONTH_S, _HOUR_S = 86_400.0, 30 * 86_400.0, 3_600.0
_MOST_IDS = 100
_COMPARED_DAYS = (7, 30, 60, 90)
_NOT_APPROVED = 141002


def create(call: Call) -> object:
    """Answer `POST /{waba}/message_templates`."""
    params = call.params()
    if params.get("library_template_name"):
        params = _from_library(params)
    template = _take_in(call, params).template
    return {"id": template.facts["id"], "status": template.status, "category": template.category}


def upsert(call: Call) -> object:
    """Answer `POST /{waba}/upsert_message_templates`: one authentication template in many languages."""
    params = call.params()
    languages = listed(params.get("languages"), "languages", most=len(LANGUAGES))
    if params.get("category") != "AUTHENTICATION" or not languages:
        raise parameter("(#100) Upserting needs category AUTHENTICATION and languages.")
    written = [check_new({**params, "language": language}, call.world.rules) for language in languages]
    rows = []
    for facts in written:
        standing = call.world.catalogue.of(facts["name"], facts["language"])
        if standing is None:
            standing = _submit(call, facts)
        else:
            call.world.lifecycle.edit(standing, facts)
        rows.append(
            {"id": standing.template_id, "status": standing.template.status, "language": facts["language"]}
        )
    return {"data": rows}


def edit(call: Call) -> object:
    """Answer `POST /{template_id}`: all components anew, the category, how long it lives."""
    standing, params = _standing(call), call.params()
    status = standing.template.status
    if status not in _EDITABLE:
        raise template_refused(2388039, f"A template that is {status} can't be edited.")
    category = one_of(params["category"], "category", CATEGORIES) if params.get("category") else ""
    if category and status == "APPROVED" and category != standing.template.category:
        raise parameter("(#100) The category of an approved template can't be changed.")
    if status in ("APPROVED", "PAUSED"):
        _check_edits(call, standing)
    category = category or standing.template.category
    facts: dict[str, Any] = {"category": category, **check_options(params, category)}
    if "components" in params:
        named = standing.template.form.named
        facts["components"] = check_components(params["components"], category, call.world.rules, named=named)
    if facts == {"category": standing.template.category}:
        raise parameter("(#100) Nothing to change: give components, category or message_send_ttl_seconds.")
    call.world.lifecycle.edit(standing, facts)
    return {**DONE, "id": standing.template_id, "name": standing.template.name, "category": category}


def listing(call: Call) -> object:
    """Answer `GET /{waba}/message_templates`.

    Filters: name or name_or_content (a part of it), content, status, category, language, quality_score.
    `summary` asks for figures of the account beside the page.
    """
    fields = asked(call.query.get("fields", ""))
    found = rows(call.world, call.query, fields)
    listing = page(found, call.query, call.request.url)
    if "summary" not in call.query:
        return listing
    figures = {
        "total_count": len(found),
        "message_template_count": len(call.world.catalogue),
        "message_template_limit": call.world.rules.most_templates,
        "are_translations_complete": True,
    }
    return {
        **listing,
        "summary": chosen(figures, asked(call.query["summary"]), shown=tuple(figures), node=NODE),
    }


def rows(world: World, query: Mapping[str, str], fields: tuple[Field, ...]) -> list[dict[str, Any]]:
    """List the templates that a query asks for."""
    return [_row(standing, fields) for standing in world.catalogue if _matches(standing, query)]


def show(call: Call) -> object:
    """Answer `GET /{template_id}`."""
    standing = _standing(call)
    facts = {**_facts(standing), "health_status": _health(call.world, standing)}
    return chosen(facts, asked(call.query.get("fields", "")), shown=_SHOWN, node=NODE)


def delete(call: Call) -> object:
    """Answer `DELETE /{waba}/message_templates`: by name in all languages, one by hsm_id, many by hsm_ids."""
    params, catalogue = call.params(), call.world.catalogue
    if params.get("hsm_ids"):
        ids = [str(one) for one in listed(params["hsm_ids"], "hsm_ids", most=_MOST_IDS)]
        found = [standing for one in ids if (standing := catalogue.of_id(one)) is not None]
        if len(found) != len(ids):
            raise parameter("(#100) Invalid parameter", "One of hsm_ids is not a template of this account.")
    else:
        name = text_of(params, "name")
        found = catalogue.named(name)
        if params.get("hsm_id"):
            found = [standing for standing in found if standing.template_id == str(params["hsm_id"])]
        if not found:
            raise parameter("(#100) Invalid parameter", f"There is no message template {name[:512]}.")
    if any(standing.template.status == "DISABLED" for standing in found):
        raise template_refused(2388039, "A template that is DISABLED can't be deleted.")
    for standing in found:
        call.world.lifecycle.delete(standing)
    return DONE


def unpause(call: Call) -> object:
    """Answer `POST /{template_id}/unpause`: lifts the pause that pacing made; the others end by themselves."""
    standing = _standing(call)
    if standing.template.status != "PAUSED":
        return {"success": False, "reason": "The template is not paused."}
    if standing.paused_until is not None:
        return {"success": False, "reason": "The pause of a template of low quality ends by itself."}
    call.world.lifecycle.unpause(standing)
    return DONE


def compare(call: Call) -> object:
    """Answer `GET /{template_id}/compare`: blocks and sends of two templates over 7, 30, 60 or 90 days."""
    params, mine = call.params(), _standing(call)
    start, end = moment_of(params, "start"), moment_of(params, "end")
    others = [str(one) for one in listed(params.get("template_ids"), "template_ids", most=1)]
    other = call.world.catalogue.of_id(others[0]) if others else None
    if other is None or other is mine:
        raise parameter("(#100) Param template_ids must hold the id of another template of this account.")
    if round((end - start) / _DAY_S) not in _COMPARED_DAYS:
        raise parameter("(#100) Params start and end must be 7, 30, 60 or 90 days apart.")
    sums = {one.template_id: _sums(call.world, one, start, end) for one in (mine, other)}
    ordered = sorted(sums, key=lambda one: sums[one][1] / max(sums[one][0], 1))
    sends = [{"key": one, "value": sent} for one, (sent, _) in sums.items()]
    reasons = [{"key": one, "value": "UNKNOWN_BLOCK_REASON"} for one, (_, blocks) in sums.items() if blocks]
    return {
        "data": [
            {"metric": "BLOCK_RATE", "type": "RELATIVE", "order_by_relative_metric": ordered},
            {"metric": "MESSAGE_SENDS", "type": "NUMBER_VALUES", "number_values": sends},
            {"metric": "TOP_BLOCK_REASON", "type": "STRING_VALUES", "string_values": reasons},
        ]
    }


def archive(call: Call) -> object:
    """Answer `POST /{waba}/message_templates/archive`."""
    return _lay_away(
        call,
        "archived_templates",
        lambda standing: standing.template.status in _ARCHIVABLE,
        call.world.lifecycle.archive,
    )


def unarchive(call: Call) -> object:
    """Answer `POST /{waba}/message_templates/unarchive`."""
    return _lay_away(
        call,
        "unarchived_templates",
        lambda standing: standing.template.status == "ARCHIVED",
        call.world.lifecycle.unarchive,
    )


def library(call: Call) -> object:
    """Answer `GET /message_template_library`."""
    return page(template_library.found(dict(call.query)), call.query, call.request.url)


def _from_library(params: Mapping[str, Any]) -> dict[str, Any]:
    entry = template_library.of_name(str(params["library_template_name"]))
    if entry is None:
        raise parameter("(#100) Param library_template_name is not the name of a template in the library.")
    inputs = listed(params.get("library_template_button_inputs", []), "library_template_button_inputs")
    components = template_library.components_of(entry, [one for one in inputs if isinstance(one, dict)])
    if components is None:
        raise parameter("(#100) Param library_template_button_inputs does not fit the template's buttons.")
    return {
        **params,
        "components": components,
        "parameter_format": "POSITIONAL",
        "category": entry["category"],
    }


def _take_in(call: Call, params: Mapping[str, Any]) -> Standing:
    facts = check_new(params, call.world.rules)
    from_library = params.get("library_template_name")
    if from_library:
        facts["library_template_name"] = from_library
    standing = _submit(call, facts)
    if from_library and standing.template.status == "PENDING":
        call.world.lifecycle.approve(standing)
    return standing


def _submit(call: Call, facts: dict[str, Any]) -> Standing:
    world, now = call.world, call.now
    catalogue, rules, key = world.catalogue, world.rules, (facts["name"], facts["language"])
    if key in catalogue.templates:
        raise template_refused(2388024, "There is already content in this language for this template.")
    if catalogue.is_locked(key, now):
        raise template_refused(
            2388023,
            "New content in this language can't be added while the existing content is being deleted.",
        )
    if len(catalogue) >= rules.most_templates:
        raise template_refused(2388019, f"This account already has {rules.most_templates} message templates.")
    lately = [at for at in catalogue.created_at if at > now - _HOUR_S]
    if len(lately) >= rules.creations_per_hour:
        raise refused(80007, f"At most {rules.creations_per_hour} templates can be created in an hour.")
    return world.lifecycle.submit({**facts, "sub_category": "CUSTOM"})


def _check_edits(call: Call, standing: Standing) -> None:
    rules, now = call.world.rules, call.now
    for most, span, words in (
        (rules.edits_per_day, _DAY_S, "24 hours"),
        (rules.edits_per_month, _MONTH_S, "30 days"),
    ):
        if sum(at > now - span for at in standing.edited_at) >= most:
            raise template_refused(
                2388039, f"An approved template can be edited {most} times in {words}. Try again later."
            )


def _standing(call: Call) -> Standing:
    standing = call.world.catalogue.of_id(call.node)
    if standing is None:
        raise unknown_id(call.node, call.request.method)
    return standing


def _matches(standing: Standing, query: Mapping[str, str]) -> bool:
    template = standing.template
    wanted = query.get("content", query.get("name_or_content", ""))
    text = repr(template.facts["components"]) + (template.name if "name_or_content" in query else "")
    return (
        query.get("name", "") in template.name
        and wanted.lower() in text.lower()
        and _is_one(template.status, query.get("status"))
        and _is_one(template.category, query.get("category"))
        and _is_one(standing.quality, query.get("quality_score"))
        and _is_one(template.language.upper(), query.get("language"))
    )


def _is_one(value: str, wanted: str | None) -> bool:
    """Compare with one word, or with a list of them as JSON or with commas."""
    if wanted is None:
        return True
    return value in [str(one).upper() for one in listed(wanted, "filter")]


def _row(standing: Standing, fields: tuple[Field, ...]) -> dict[str, Any]:
    return chosen(_facts(standing), fields, shown=_SHOWN, node=NODE)


def _facts(standing: Standing) -> dict[str, Any]:
    facts: dict[str, Any] = dict.fromkeys(_OPTIONAL) | standing.facts
    facts["quality_score"] = {"score": standing.quality, "date": standing.quality_at}
    facts["rejected_reason"] = facts.get("rejected_reason") or "NONE"
    return facts


def _health(world: World, standing: Standing) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "entity_type": "MESSAGE_TEMPLATE",
        "id": standing.template_id,
        "can_send_message": "AVAILABLE",
    }
    if standing.template.status != "APPROVED":
        entity["can_send_message"] = "BLOCKED"
        entity["errors"] = [
            {
                "error_code": _NOT_APPROVED,
                "error_description": "Message templates can only be sent out if they are approved.",
                "possible_solution": "Edit or appeal the message template review decision.",
            }
        ]
    account = {
        "entity_type": "WABA",
        "id": world.setup.waba_id,
        "can_send_message": "BLOCKED" if world.account.is_banned else "AVAILABLE",
    }
    return {"can_send_message": entity["can_send_message"], "entities": [entity, account]}


def _sums(world: World, standing: Standing, start: int, end: int) -> tuple[int, int]:
    days = [day for _, day in world.tallies.days(standing.template_id, start=start, end=end)]
    return sum(day.sent for day in days), sum(day.blocks for day in days)


def _lay_away(
    call: Call, member: str, may: Callable[[Standing], bool], act: Callable[[Standing], None]
) -> object:
    params = call.params()
    given = params.get("template_ids", params.get("hsm_ids"))
    ids = [str(one) for one in listed(given, "template_ids", most=_MOST_IDS)]
    done, failed = [], {}
    verb = "archived" if member == "archived_templates" else "unarchived"
    for one in dict.fromkeys(ids):
        standing = call.world.catalogue.of_id(one)
        if standing is None or not may(standing):
            failed[one] = f"Template cannot be {verb}."
            continue
        act(standing)
        done.append(one)
    return {member: done, "failed_templates": failed}
