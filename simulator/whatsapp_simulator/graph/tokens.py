"""`GET /debug_token`: what Graph knows about a token.

Source: https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-11-22)
"""

import hmac

from whatsapp_simulator.graph.calls import Call, text_of

_SCOPES = (
    "whatsapp_business_management",
    "whatsapp_business_messaging",
    "business_management",
    "public_profile",
)
_INVALID = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}


def debug(call: Call) -> object:
    """Tell whether `input_token` is good, whose it is and what it opens; a bad one is an answer too."""
    setup, token = call.world.setup, text_of(call.query, "input_token")
    if not hmac.compare_digest(token.encode("utf-8", "surrogateescape"), setup.access_token.encode()):
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
