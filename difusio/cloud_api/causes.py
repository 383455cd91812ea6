"""Say in plain words, for people, why Meta did not take or did not deliver a message.

The sentences are English message ids: pages translate them with gettext.  Codes without a sentence of their
own get the general one.  Source of the codes:
developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-11-22).
"""


def _(sentence: str) -> str:
    """Mark a sentence for the translators; it stays as it is."""
    return sentence


UNKNOWN = _("Meta refused this message and gave a reason we do not know.")
IN_DOUBT = _("It is not known whether Meta took this message; its echo decides.")
NOT_SENT = _("Meta could not be reached; nothing was sent.")

_TOKEN = _("The access token of this number is not valid any more; put in a new one.")
_PERMISSION = _("The access token lacks a permission for this number.")
_RESTRICTED = _("Meta has restricted this account; see the Business Support Home.")
_PAYMENT = _("Meta cannot charge this account; check its payment method.")
_BUSY = _("Meta's service is busy or being repaired.")
_TOO_FAST = _("Too many requests for this account; we slow down.")
_UNREGISTERED = _("This number is not registered with the Cloud API.")
_REQUEST = _("Meta did not accept a part of this message.")
_TEMPLATE_VALUES = _("The values do not match the template's placeholders.")
_TEMPLATE_PAUSED = _("Meta has paused this template because of how people took it.")
_TEMPLATE_ROUTE = _("This template's category does not fit the way it was sent; refresh the templates.")
_MEDIA = _("The picture, film or document of this message cannot be used.")
_GROUP = _("This group cannot be written to.")
_FLOW = _("The form in this message is blocked or slowed down by Meta.")

CAUSES: dict[int, str] = {
    0: _TOKEN,
    1: _BUSY,
    2: _BUSY,
    3: _PERMISSION,
    4: _TOO_FAST,
    10: _PERMISSION,
    33: _("This phone number no longer exists at Meta."),
    100: _REQUEST,
    190: _TOKEN,
    368: _RESTRICTED,
    613: _TOO_FAST,
    2500: _TOKEN,
    80007: _TOO_FAST,
    130403: _("You have blocked this person on WhatsApp."),
    130429: _("Too many messages at once for this number; we slow down."),
    130472: _("Meta keeps marketing from this person for an experiment."),
    130497: _("Your business may not write to people in this country."),
    131000: _("Something went wrong at Meta."),
    131005: _PERMISSION,
    131008: _REQUEST,
    131009: _REQUEST,
    131016: _BUSY,
    131020: _GROUP,
    131021: _("This is your own number."),
    131026: _("This person cannot be reached on WhatsApp."),
    131030: _("A test number reaches only the people on its list at Meta."),
    131031: _RESTRICTED,
    131037: _("Meta has not approved this number's display name yet."),
    131041: _GROUP,
    131042: _PAYMENT,
    131044: _PAYMENT,
    131045: _UNREGISTERED,
    131047: _("This person last wrote more than 24 hours ago; only a template may be sent."),
    131048: _("Meta limits this number because people blocked or reported it."),
    131049: _("Meta held this message back: the person gets enough marketing for now."),
    131050: _("This person has stopped marketing from you on WhatsApp."),
    131051: _("WhatsApp does not support this kind of message."),
    131052: _("The file this person sent could not be fetched."),
    131053: _MEDIA,
    131055: _TEMPLATE_ROUTE,
    131056: _("Too many messages to this person in a short time."),
    131057: _("Meta is maintaining this account; this takes about a minute."),
    131061: _TEMPLATE_ROUTE,
    131062: _("This template can only be sent to a phone number, and this person's is not known."),
    131063: _TEMPLATE_ROUTE,
    131064: _("Meta limits this account because templates were in the wrong category."),
    132000: _TEMPLATE_VALUES,
    132001: _("Meta knows no approved template of this name in this language."),
    132005: _("The template is too long with this person's values."),
    132007: _("The template's text breaks one of Meta's rules."),
    132008: _TEMPLATE_VALUES,
    132012: _TEMPLATE_VALUES,
    132015: _TEMPLATE_PAUSED,
    132016: _("Meta has disabled this template for good."),
    132018: _TEMPLATE_VALUES,
    132068: _FLOW,
    132069: _FLOW,
    133004: _BUSY,
    133006: _UNREGISTERED,
    133010: _UNREGISTERED,
    134100: _TEMPLATE_ROUTE,
    134101: _("This template is new; Meta needs up to ten minutes to prepare it."),
    134102: _("This template cannot be used for marketing messages yet; check the account's onboarding."),
    135000: _REQUEST,
    137000: _("This person has changed their phone; confirm who they are first."),
    139200: _("Meta has switched off sending without a template for this account."),
}

# Why Meta does not take a template: mostly a subcode of 100.
TEMPLATE_CAUSES: dict[int, str] = {
    2388019: _("This account has as many templates as Meta allows: delete some at Meta."),
    2388023: _(
        "A template of this name is being deleted in this language: wait four weeks, or choose another name."
    ),
    2388024: _("There is a template of this name in this language already: choose another name."),
    2388040: _("A part of the template is too long: shorten it."),
    2388047: _("Meta does not take the header: shorten it, and use one placeholder at most."),
    2388072: _("Meta does not take the body: look at its placeholders, line breaks and marks."),
    2388073: _("Meta does not take the footer: write plain text without placeholders."),
    2388293: _("There are too many placeholders for so little text: write more around them."),
    2388299: _("The body begins or ends with a placeholder: put words before and after it."),
}
TEMPLATE_REFUSED = _("Meta does not take this template: look at its text and its examples.")

# Meta gives the whole span one meaning.
_PERMISSION_CODES = range(200, 300)


def cause(code: int | None) -> str:
    """Return the sentence for Meta's error code; None and codes without one get the general sentence."""
    if code in _PERMISSION_CODES:
        return _PERMISSION
    return CAUSES.get(code, UNKNOWN) if code is not None else UNKNOWN


def template_cause(code: int | None, subcode: int | None) -> str:
    """Return the sentence for Meta's refusal of a new template, whichever of the two numbers names it."""
    for number in (subcode, code):
        if number in TEMPLATE_CAUSES:
            return TEMPLATE_CAUSES[number]
    return TEMPLATE_REFUSED if code in {None, 100} else cause(code)
