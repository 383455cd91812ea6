"""Groups of templates that are counted together: `/{waba}/template_groups` and `/{group}`.

Source: DOC/analytics/template-groups (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from typing import Any

from whatsapp_simulator.graph.calls import DONE, Call, listed, text_of
from whatsapp_simulator.graph.errors import parameter
from whatsapp_simulator.graph.fields import asked, chosen, page

_SHOWN = ("id", "name", "description", "whatsapp_business_templates")


def listing(call: Call) -> object:
    """Answer `GET /{waba}/template_groups`."""
    groups = call.world.account.template_groups.values()
    return page([_shown(group, call) for group in groups], call.query, call.request.url)


def create(call: Call) -> object:
    """Answer `POST /{waba}/template_groups`."""
    params, groups = call.params(), call.world.account.template_groups
    group: dict[str, Any] = {
        "id": call.world.new_id(),
        "name": text_of(params, "name"),
        "description": text_of(params, "description", needed=False),
        "template_ids": _templates(call, params.get("whatsapp_business_templates", [])),
    }
    groups[group["id"]] = group
    return {"id": group["id"]}


def show(call: Call) -> object:
    """Answer `GET /{template_group}`."""
    return _shown(call.world.account.template_groups[call.node], call)


def change(call: Call) -> object:
    """Answer `POST /{template_group}`: other words, templates added or taken out."""
    params, group = call.params(), call.world.account.template_groups[call.node]
    added = _templates(call, params.get("add_whatsapp_business_templates", []))
    removed = _templates(call, params.get("remove_whatsapp_business_templates", []))
    kept = dict.fromkeys([*group["template_ids"], *added])
    group["template_ids"] = [one for one in kept if one not in removed]
    for name in ("name", "description"):
        if params.get(name):
            group[name] = text_of(params, name)
    return DONE


def delete(call: Call) -> object:
    """Answer `DELETE /{template_group}`; its templates stay."""
    del call.world.account.template_groups[call.node]
    return DONE


def _templates(call: Call, given: object) -> list[str]:
    ids = [str(one) for one in listed(given, "whatsapp_business_templates")]
    if any(call.world.catalogue.of_id(one) is None for one in ids):
        raise parameter("(#100) Param whatsapp_business_templates holds an id that is not of this account.")
    return ids


def _shown(group: dict[str, Any], call: Call) -> dict[str, Any]:
    facts = {
        **group,
        "whatsapp_business_templates": {"data": [{"id": one} for one in group["template_ids"]]},
    }
    del facts["template_ids"]
    return chosen(
        facts, asked(call.query.get("fields", "")), shown=_SHOWN, node="WhatsAppBusinessTemplateGroup"
    )
