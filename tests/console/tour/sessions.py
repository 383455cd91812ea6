"""Proving who one is.  What changes credentials asks for the password first: the journeys look at those pages."""

from typing import Final

from tests.console.tour.shop import Route, Screen, Shop

_AGAIN: Final = "302 /sign-in/again/"
_IN: Final = ("302 /", "302 /")


def _own(name: str, get: str = "200", post: str = "200") -> Route:
    """Tell a page that everybody signed in has for themselves, wherever they belong."""
    return Route(name, None, get, post, outsider=(get, post))


def _open(name: str, get: str = "200", post: str = "405", stranger: tuple[str, str] | None = None) -> Route:
    """Tell a page that asks nobody who they are."""
    return Route(name, None, get, post, stranger=stranger or (get, post), outsider=(get, post))


ROUTES = [
    _open("account_login", *_IN, stranger=("200", "200")),
    _open("account_logout", "200", "302 /", stranger=_IN),
    _open("mfa_authenticate", *_IN, stranger=("302 /sign-in/", "302 /sign-in/")),
    _open("mfa_login_webauthn", *_IN, stranger=("302 /sign-in/", "302 /sign-in/")),
    _open("account_reset_password", post="200"),
    _open("account_reset_password_done"),
    _open("account_reset_password_from_key", "200", "200"),
    _open("account_reset_password_from_key_done"),
    _own("account_reauthenticate"),
    _own("mfa_index", post="405"),
    _own("account_sessions", "405", "302 /account/"),
    _own("account_change_password"),
    _own("mfa_activate_totp", _AGAIN, _AGAIN),
    _own("mfa_deactivate_totp", "404", "404"),
    _own("mfa_add_webauthn", _AGAIN, _AGAIN),
    _own("mfa_remove_webauthn", _AGAIN, _AGAIN),
    _own("mfa_view_recovery_codes", "404", "405"),
    _own("mfa_generate_recovery_codes", _AGAIN, _AGAIN),
]
SCREENS = [
    Screen("account", "/account/", 5),
    Screen("account-password", "/account/password/", 3),
    Screen("account-again", "/sign-in/again/", 3),
    Screen("account-forgotten", "/sign-in/forgotten/", 3),
    Screen("account-no-link", "/sign-in/new-password/1-x-y/", None),
]


def furnish(shop: Shop) -> None:
    """Name what the addresses name: a link that never was."""
    shop.ids |= {"uidb36": "1", "key": "x-y", "pk": 1}
