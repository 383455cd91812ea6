"""The checks that pre-flight runs; each looks at the facts of one campaign and says what it found.  Pure."""

from datetime import timedelta
from typing import Final

from difusio.common.plain_words import plain_words
from difusio.rules.facts import CampaignFacts, TemplateFacts
from difusio.rules.findings import Finding, Level
from difusio.rules.promotional_words import promotional_words
from difusio.rules.us_pause import paused_countries
from difusio.rules.ways_out import has_way_out

_MARKETING = "MARKETING"
_UTILITY = "UTILITY"
_FRESH_FOR: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
_SHORTEST_NAME_WORD = 3
# What stands in many names and says nothing about whose it is.
_COMMON_NAME_WORDS: Final = frozenset(
    {
        "sociedad", "societat", "limitada", "slu", "scp", "sccl", "coop", "ltd", "limited", "inc", "llc",
        "gmbh", "the", "and", "les", "els", "los", "las", "del", "dels", "per", "para", "botiga", "tienda",
        "shop", "store", "company", "empresa", "grup", "grupo", "group", "associacio", "asociacion",
        "fundacio", "fundacion",
    }
)  # fmt: skip


def _(sentence: str) -> str:
    """Mark a sentence for the translators; it stays as it is."""
    return sentence


NO_WAY_OUT = _(
    "The template %(template)s does not say how to leave: give it a button such as Unsubscribe, or a line such as "
    "Reply STOP to leave."
)
MARKETING_IN_SERVICE = _(
    "The template %(template)s is marketing, but its topic is a service: people who left marketing would still get it. "
    "Choose a marketing topic."
)
OLD_LIST = _(
    "The templates were read from Meta %(hours)s hours ago, and Meta may have changed the category since: refresh them."
)
PROMOTION = _(
    "The template %(template)s is on file as utility, but advertises (%(words)s): have it approved as marketing."
)
PERHAPS_PROMOTION = _(
    "The template %(template)s is on file as utility and has words of advertising (%(words)s): Meta may change it to "
    "marketing, at its price."
)
US_LEFT_OUT = _(
    "Meta delivers no marketing to numbers of the United States at present: %(people)s people are left out."
)
OTHER_NAME = _(
    "People see the name %(shown)s, but agreed to messages from %(business)s: use a number that shows your name."
)
CONSENTS_OLD = _("%(people)s people agreed more than 24 months ago: ask them again, or leave them out.")
CONSENTS_AGEING = _("%(people)s people agreed more than 21 months ago: ask them again before it is 24.")
SPREAD = _(
    "Meta lets you write to %(limit)s people a day: %(now)s of %(people)s leave at once, the others as places come "
    "free, within %(days)s days. A service alert goes before them."
)
TEMPLATE_RED = _(
    "People block or report the template %(template)s (quality RED): Meta may pause it at any moment."
)
TEMPLATE_YELLOW = _("The template %(template)s has got some complaints (quality YELLOW).")
NUMBER_RED = _("People block or report this number (quality RED): write to fewer, and only what they expect.")


def way_out(facts: CampaignFacts) -> tuple[Finding, ...]:
    """Every marketing message shows a simple way to leave that we understand."""
    return tuple(
        Finding("way_out", Level.BLOCK, NO_WAY_OUT, {"template": _named(template)})
        for template in facts.templates
        if template.category == _MARKETING and not has_way_out(texts=template.texts, buttons=template.buttons)
    )


def topic_fits_category(facts: CampaignFacts) -> tuple[Finding, ...]:
    """A marketing template never goes out under a service topic, which a bare STOP does not end."""
    return tuple(
        Finding("topic_fits_category", Level.BLOCK, MARKETING_IN_SERVICE, {"template": _named(template)})
        for template in facts.templates
        if template.category == _MARKETING and not facts.is_marketing_topic
    )


def fresh_category(facts: CampaignFacts) -> tuple[Finding, ...]:
    """The category is the one that Meta has now: read within 24 hours, since webhooks about it get lost."""
    oldest = min((template.synced_at for template in facts.templates), default=facts.at)
    age = facts.at - oldest
    if age <= _FRESH_FOR:
        return ()
    return (Finding("fresh_category", Level.BLOCK, OLD_LIST, {"hours": age // _HOUR}),)


def honest_category(facts: CampaignFacts) -> tuple[Finding, ...]:
    """A utility template does not advertise."""
    found = []
    for template in facts.templates:
        if template.category != _UTILITY:
            continue
        words = promotional_words("\n".join((*template.texts, *template.buttons)))
        if words.strong:
            values = {"template": _named(template), "words": ", ".join(words.strong)}
            found.append(Finding("honest_category", Level.BLOCK, PROMOTION, values))
        elif words.weak:
            values = {"template": _named(template), "words": ", ".join(words.weak)}
            found.append(Finding("honest_category", Level.WARN, PERHAPS_PROMOTION, values))
    return tuple(found)


def us_pause(facts: CampaignFacts) -> tuple[Finding, ...]:
    """Who has a number of the United States gets no marketing while Meta's pause holds."""
    is_marketing = any(template.category == _MARKETING for template in facts.templates)
    if (
        not is_marketing
        or not facts.us_people
        or "US" not in paused_countries(_MARKETING, on=facts.at.date())
    ):
        return ()
    return (Finding("us_pause", Level.NOTE, US_LEFT_OUT, {"people": facts.us_people}),)


def controller_name(facts: CampaignFacts) -> tuple[Finding, ...]:
    """The name that people see is the name they agreed to; one word in common is enough, legal forms do not count."""
    if _name_words(facts.business_name) & _name_words(facts.verified_name):
        return ()
    values = {"shown": facts.verified_name, "business": facts.business_name}
    return (Finding("controller_name", Level.BLOCK, OTHER_NAME, values),)


def consent_age(facts: CampaignFacts) -> tuple[Finding, ...]:
    """People agreed not too long ago."""
    found = []
    if facts.consents_old:
        found.append(Finding("consent_age", Level.BLOCK, CONSENTS_OLD, {"people": facts.consents_old}))
    if facts.consents_ageing:
        found.append(Finding("consent_age", Level.WARN, CONSENTS_AGEING, {"people": facts.consents_ageing}))
    return tuple(found)


def messaging_limit(facts: CampaignFacts) -> tuple[Finding, ...]:
    """Everybody fits into the number of people whom Meta lets a portfolio write to in a day."""
    if facts.people_a_day is None or facts.people <= facts.people_at_once:
        return ()
    values = {
        "limit": facts.people_a_day,
        "now": facts.people_at_once,
        "people": facts.people,
        "days": facts.days,
    }
    return (Finding("messaging_limit", Level.WARN, SPREAD, values),)


def quality(facts: CampaignFacts) -> tuple[Finding, ...]:
    """Neither the template nor the number is in bad standing."""
    found = []
    for template in facts.templates:
        if template.quality == "RED":
            found.append(Finding("quality", Level.WARN, TEMPLATE_RED, {"template": _named(template)}))
        elif template.quality == "YELLOW":
            found.append(Finding("quality", Level.NOTE, TEMPLATE_YELLOW, {"template": _named(template)}))
    if facts.number_quality == "RED":
        found.append(Finding("quality", Level.WARN, NUMBER_RED))
    return tuple(found)


def _named(template: TemplateFacts) -> str:
    return f"{template.name} ({template.language})"


def _name_words(name: str) -> set[str]:
    words = plain_words(name).split()
    telling = {word for word in words if len(word) >= _SHORTEST_NAME_WORD} - _COMMON_NAME_WORDS
    # A name of short or common words alone ("La Botiga", "H&M") is compared by those.
    return telling or set(words)
