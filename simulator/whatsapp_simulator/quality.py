"""The quality score of a template: what the last seven days of blocks and reads say.

Meta publishes what counts, not how much: the thresholds are rules that can be set.
Source: DOC/templates/template-quality (read 2026-11-22); DOC stands for
https://developers.facebook.com/documentation/business-messaging/whatsapp .
"""

from whatsapp_simulator.scenario import Rules
from whatsapp_simulator.tallies import Day


def score(week: Day, rules: Rules) -> str | None:
    """Tell the score of a week's messages; None if there are too few to say."""
    if not rules.quality_sample or week.delivered < rules.quality_sample:
        return None
    blocks, reads = week.blocks / week.delivered, week.read / week.delivered
    if blocks >= rules.quality_red:
        return "RED"
    return "YELLOW" if blocks >= rules.quality_yellow or reads < rules.quality_read else "GREEN"
