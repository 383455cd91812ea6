"""Home, the first run, the language and the parts."""

from difusio.accounts.rights import Right
from tests.console.tour.shop import Route, Screen, Shop

ROUTES = [
    Route("home", None, outsider=("200", "405")),
    Route("test_message", Right.PLAN_MARKETING, "200", "200", outsider=("200", "200")),
    Route("first_run", None, get="404", post="404", stranger=("404", "404"), outsider=("404", "404")),
    Route("set_language", None, "302 /", "302 /", stranger=("302 /", "302 /"), outsider=("302 /", "302 /")),
    Route("workspace", None, get="405", post="302 /", outsider=("405", "404")),
    Route("restored", Right.MANAGE, "200", "200", outsider=("200", "200")),
    Route("parts", Right.SEE_CAMPAIGNS, outsider=("200", "405")),
]
SCREENS = [
    Screen("home", "/", 20),
    Screen("test-message", "/test-message/", 5, is_telling_when_empty=True),
    Screen("restored", "/restored/", 4),
    Screen("parts", "/console/parts/", 3),
]


def furnish(shop: Shop) -> None:
    """Need nothing."""
