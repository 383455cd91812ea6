"""The rule packs; a campaign keeps which one ran, in which version."""

from datetime import date
from typing import Final

from difusio.rules import checks
from difusio.rules.findings import Rule, RulePack
from difusio.rules.us_pause import US_PAUSE

_META = "developers.facebook.com/documentation/business-messaging/whatsapp"

WHATSAPP_SPAIN: Final = RulePack(
    key="whatsapp-es",
    jurisdiction="WhatsApp's policies; European Union; Spain",
    version="1",
    read_on=date(2026, 11, 22),
    rules=(
        Rule("way_out", (6, 7, 12), "LSSI 21.2; PECR 22; business.whatsapp.com/policy", checks.way_out),
        Rule("topic_fits_category", (26,), "GDPR 6.4, 13.3", checks.topic_fits_category),
        Rule("fresh_category", (11,), f"{_META}/templates/template-categorization", checks.fresh_category),
        Rule("honest_category", (10,), f"{_META}/templates/template-categorization", checks.honest_category),
        Rule("us_pause", (17,), US_PAUSE.source, checks.us_pause),
        Rule("controller_name", (4,), f"LSSI 20.1; {_META}/getting-opt-in", checks.controller_name),
        Rule("consent_age", (25,), "GDPR 5.1e", checks.consent_age),
        Rule("messaging_limit", (), f"{_META}/messaging-limits", checks.messaging_limit),
        Rule("quality", (), f"{_META}/templates/template-quality", checks.quality),
    ),
)
