"""Tokens: what Graph knows about one (`/debug_token`), and the app's own (`/oauth/access_token`).

Source: https://developers.facebook.com/docs/graph-api/reference/debug_token,
https://developers.facebook.com/docs/facebook-login/guides/access-tokens (read 2026-11-22)
"""

import hmac

from whatsapp_simulator.graph.access import app_token
from whatsapp_simulator.graph.calls import Call, one_of, text_of
from whatsapp_simulator.graph.errors import Problem, RefusedError

_SCOPES = (
    "whatsapp_business_management",
    "whatsapp_business_messaging",
    "business_management",
    "public_profile",
)
_INVALID = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}


_WRONG_APP = Problem(
    101, 400, "Error validating application. Cannot get application info due to a system error."
)
_WRONG_SECRET = Problem(1, 400, "Error validating client secret.")


def issue(call: Call) -> object:
    """Give the app's own token to whoever knows the app's secret."""
    setup, query = call.world.setup, call.query
    one_of(query.get("grant_type"), "grant_type", ("CLIENT_CREDENTIALS",))
    if text_of(query, "client_id") != setup.app_id:
        raise RefusedError(_WRONG_APP)
    if not hmac.compare_digest(text_of(query, "client_secret").encode(), setup.app_secret.encode()):
        raise RefusedError(_WRONG_SECRET)
    return {"access_token": app_token(setup), "token_type": "bearer"}


def debug(call: Call) -> object:
    """Tell whether `input_token` is good, whose it is and what it opens; a bad one is an answer too."""
    setup, token = call.world.setup, text_of(call.query, "input_token")
    if _is(token, app_token(setup)):
        return {
            "data": {
                "app_id": setup.app_id,
                "type": "APP",
                "application": setup.waba_name,
                "is_valid": True,
                "scopes": [],
            }
        }
    if not _is(token, setup.access_token):
        return {"data": {"error": _INVALID, "is_valid": False, "scopes": []}}
    targets = {"whatsapp_business_management": setup.waba_id, "whatsapp_business_messaging": setup.waba_id}
    return {
        "data": {
            "app_id": setup.app_id,
            "type": "SYSTEM_USER",
            "application": setup.waba_name,
            "data_access_expires_at": 0,
            "expires_at": 0,
            "is_valid": True,
            "issued_at": int(call.now),
            "scopes": list(_SCOPES),
            "granular_scopes": [{"scope": scope, "target_ids": [one]} for scope, one in targets.items()],
            "user_id": setup.portfolio_id,
        }
    }


def _is(token: str, good: str) -> bool:
    return hmac.compare_digest(token.encode("utf-8", "surrogateescape"), good.encode())
