"""Who gets webhooks: the account's subscribed app with a callback of its own, and the fields of the app.

Source: DOC/webhooks/create-webhook-endpoint, DOC/webhooks/override,
https://developers.facebook.com/docs/graph-api/reference/app/subscriptions (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from collections.abc import Mapping
from typing import Any

from whatsapp_simulator.graph.calls import DONE, Call, listed, text_of
from whatsapp_simulator.graph.errors import Problem, RefusedError, parameter
from whatsapp_simulator.subscriptions import WEBHOOK_FIELDS, Callback
from whatsapp_simulator.webhooks import HandshakeError

_OBJECT = "whatsapp_business_account"
_NOT_VERIFIED = 2200


def listing(call: Call) -> object:
    """Answer `GET /{waba}/subscribed_apps`."""
    subscriptions = call.world.subscriptions
    return {"data": [_app(call)] if subscriptions.account_is_subscribed else []}


async def subscribe(call: Call) -> object:
    """Answer `POST /{waba}/subscribed_apps`; without an override the app's own callback is used again."""
    params = call.params()
    callback = await verified_override(call, params)
    subscriptions = call.world.subscriptions
    subscriptions.account_is_subscribed, subscriptions.account = True, callback
    return DONE if callback is None else {**DONE, "data": [_app(call)]}


def unsubscribe(call: Call) -> object:
    """Answer `DELETE /{waba}/subscribed_apps`."""
    subscriptions = call.world.subscriptions
    subscriptions.account_is_subscribed, subscriptions.account = False, None
    return DONE


def show_fields(call: Call) -> object:
    """Answer `GET /{app}/subscriptions`."""
    subscriptions = call.world.subscriptions
    if not subscriptions.fields:
        return {"data": []}
    fields = [{"name": name, "version": call.version} for name in sorted(subscriptions.fields)]
    url = subscriptions.app.url
    return {"data": [{"object": _OBJECT, "callback_url": url, "active": True, "fields": fields}]}


async def subscribe_fields(call: Call) -> object:
    """Answer `POST /{app}/subscriptions`: the callback of the app and the fields it listens to from now on."""
    params = call.params()
    _check_object(params)
    subscriptions = call.world.subscriptions
    fields = {str(one) for one in listed(params.get("fields"), "fields")}
    unknown = sorted(fields - WEBHOOK_FIELDS)
    if unknown:
        raise parameter(f"(#100) Param fields[0] must be one of the fields of {_OBJECT}, not {unknown[0]}")
    url = text_of(params, "callback_url", needed=not subscriptions.app.url)
    if url:
        callback = Callback(url, text_of(params, "verify_token"))
        await _verify(call, callback)
        call.world.change_setup(callback_url=callback.url, verify_token=callback.verify_token)
        subscriptions.app = callback
        call.world.outbox.setup_changed(verified=True)
    subscriptions.fields = frozenset(fields)
    return DONE


def unsubscribe_fields(call: Call) -> object:
    """Answer `DELETE /{app}/subscriptions`: the fields named, or all."""
    params = call.params()
    _check_object(params)
    subscriptions = call.world.subscriptions
    fields = (
        frozenset(map(str, listed(params["fields"], "fields"))) if params.get("fields") else WEBHOOK_FIELDS
    )
    subscriptions.fields -= fields
    return DONE


async def verified_override(call: Call, params: Mapping[str, Any]) -> Callback | None:
    """Read `override_callback_uri` and ask it for the challenge; None if there is none."""
    url = text_of(params, "override_callback_uri", needed=False)
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        raise parameter("(#100) Param override_callback_uri must be a valid URL.")
    callback = Callback(url, text_of(params, "verify_token"))
    await _verify(call, callback)
    return callback


async def _verify(call: Call, callback: Callback) -> None:
    if not call.world.setup.verify_callback:
        return
    try:
        await call.world.outbox.shake_hands(callback)
    except HandshakeError as problem:
        words = f"(#{_NOT_VERIFIED}) Callback verification failed with the following errors: {problem}"
        raise RefusedError(Problem(_NOT_VERIFIED, 400, words)) from problem


def _check_object(params: Mapping[str, Any]) -> None:
    if params.get("object") != _OBJECT:
        raise parameter(f"(#100) Param object must be one of {{{_OBJECT}}}")


def _app(call: Call) -> dict[str, Any]:
    setup, subscriptions = call.world.setup, call.world.subscriptions
    told: dict[str, Any] = {
        "whatsapp_business_api_data": {
            "id": setup.app_id,
            "name": setup.waba_name,
            "link": f"https://www.facebook.com/games/?app_id={setup.app_id}",
        }
    }
    if subscriptions.account is not None:
        told["override_callback_uri"] = subscriptions.account.url
    return told
