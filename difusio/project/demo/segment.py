"""The audience that the demo writes to."""

from typing import Final

# Who bought in the last nine months for 40 or more, and did not send things back again and again of late.
DEMO_SEGMENT: Final[dict[str, object]] = {
    "all": [
        {"event": "bought", "within_days": 270, "at_least": 1, "sum_of": "total", "sum_at_least": 40},
        {"event": "returned", "within_days": 60, "at_most": 3},
        {"not": {"field": "country", "in": ["AU", "JP"]}},
    ]
}
DEMO_SEGMENT_NAME: Final = "Clients dels darrers nou mesos"
DEMO_TOPIC: Final = "offers"
