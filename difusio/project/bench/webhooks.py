"""The posts that a bench plays, in the shape and length of Meta's: one status or one message each."""

import json
from datetime import datetime

from difusio.project.bench.shop import PHONE_NUMBER_ID


def wamid_of(place: int) -> str:
    """Give a message id as long as Meta's."""
    return f"wamid.HBgLMzQ2{place:012d}FQIAERgSMjA5RTU0QkY3RUI5QkEzQjAyAA=="


def status_post(place: int, token: str, status: str, at: datetime) -> bytes:
    """Write the webhook that tells one status of one message."""
    told = {
        "id": wamid_of(place),
        "status": status,
        "timestamp": str(int(at.timestamp())),
        "recipient_id": f"346{place:08d}",
        "biz_opaque_callback_data": token,
        "pricing": {
            "billable": True,
            "pricing_model": "PMP",
            "category": "marketing",
            "type": "regular",
        },
    }
    return _post(place, {"statuses": [told]})


def text_post(place: int, text: str, at: datetime) -> bytes:
    """Write the webhook that brings what the person at this place wrote; another moment is another message."""
    said = {
        "from": f"346{place:08d}",
        "id": f"wamid.in{place:012d}{int(at.timestamp() * 1e6):018d}",
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    return _post(place, {"messages": [said]})


def _post(place: int, items: dict[str, object]) -> bytes:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "34972000000", "phone_number_id": PHONE_NUMBER_ID},
        "contacts": [
            {"profile": {"name": "Nom"}, "wa_id": f"346{place:08d}", "user_id": f"ES.{place:018d}"},
        ],
        **items,
    }
    change = {"value": value, "field": "messages"}
    document = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [change]}],
    }
    return json.dumps(document, separators=(",", ":")).encode()
