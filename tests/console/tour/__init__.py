"""Every route and every page of the console, told once: the matrix, the query counts, axe and the pictures walk it.

Whoever adds a page adds its Route and its Screens to the module of its part, and what it shows to ``furnish``.
"""

from tests.console.tour import (
    campaigns,
    consent,
    contacts,
    conversations,
    doors,
    parked,
    segments,
    sessions,
    settings,
    templates,
)
from tests.console.tour.shop import Route, Screen, Shop

PARTS = (doors, sessions, campaigns, contacts, segments, templates, conversations, parked, consent, settings)
ROUTES: dict[str, Route] = {route.name: route for part in PARTS for route in part.ROUTES}
SCREENS: list[Screen] = [screen for part in PARTS for screen in part.SCREENS]


def furnish() -> Shop:
    """Make Dana's shop with something on every page."""
    shop = Shop.open()
    stock(shop)
    return shop


def stock(shop: Shop) -> None:
    """Put something on every page of a shop that was bare."""
    for part in PARTS:
        part.furnish(shop)


def bare() -> Shop:
    """Make Dana's shop as it is on the first day: every list is empty."""
    return Shop.open()


__all__ = ["ROUTES", "SCREENS", "Route", "Screen", "Shop", "bare", "furnish", "stock"]
