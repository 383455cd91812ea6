"""Settings: a healthy number, a stopped one, members, somebody invited."""

from django.utils import timezone

from difusio.accounts.invite import invite
from difusio.accounts.models import Role
from difusio.accounts.rights import Right
from difusio.common.keyring import keyring
from difusio.log.models import Post
from difusio.log.port import FOREIGN
from difusio.numbers.models import Number, Portfolio
from difusio.numbers.renew import renew_secret
from tests.console import cast
from tests.console.tour.shop import Route, Screen, Shop


def _manage(
    name: str, get: str = "200", post: str = "200", *, outsider: tuple[str, str] | None = None
) -> Route:
    return Route(name, Right.MANAGE, get, post, outsider=outsider)


_OWN = ("200", "405")
_OWN_FORM = ("200", "200")
ROUTES = [
    _manage("settings", post="405", outsider=_OWN),
    _manage("number_new", outsider=_OWN_FORM),
    _manage("number_simulator", outsider=_OWN_FORM),
    _manage("number", post="405"),
    _manage("number_refresh", "405", "302 /settings/numbers/"),
    _manage("number_go_on", "405", "302 /settings/numbers/"),
    _manage("number_token"),
    _manage("webhooks", post="405", outsider=_OWN),
    _manage("secret_new", post="200"),
    _manage("secret_retire", "405", "302 /settings/webhooks/"),
    _manage("webhooks_again", "405", "302 /settings/webhooks/", outsider=("405", "302 /settings/webhooks/")),
    _manage("webhook_again", "405", "302 /settings/webhooks/"),
    _manage("webhook_body", "405", "200"),
    _manage("members", outsider=_OWN_FORM),
    _manage("second_factor", "405", "302 /settings/members/", outsider=("405", "302 /settings/members/")),
    _manage("member_role", "405", "302 /settings/members/"),
    _manage("member_remove", "200", "302 /settings/members/"),
    _manage("invitation_withdraw", "405", "302 /settings/members/"),
    _manage("restraint", outsider=_OWN_FORM),
    _manage("business", outsider=_OWN_FORM),
    Route("invitation", None, "200", "200", stranger=("200", "200"), outsider=("200", "200")),
]
SCREENS = [
    Screen("settings", "/settings/", 4, is_telling_when_empty=True),
    Screen("settings-number-new", "/settings/numbers/new/", 3),
    Screen("settings-simulator", "/settings/numbers/simulator/", 3),
    Screen("settings-number", "/settings/numbers/{number_id}/", 4),
    Screen("settings-number-stopped", "/settings/numbers/{stopped_id}/", 4),
    Screen("settings-token", "/settings/numbers/{stopped_id}/token/", 4),
    Screen("settings-webhooks", "/settings/webhooks/", 7),
    Screen("settings-secret", "/settings/webhooks/secret/", 4),
    Screen("settings-members", "/settings/members/", 5),
    Screen("settings-member-remove", "/settings/members/{user_id}/remove/", 4),
    Screen("settings-restraint", "/settings/restraint/", 3),
    Screen("settings-business", "/settings/business/", 3),
    Screen("invitation", "/invitations/{token}/", None),
]


def furnish(shop: Shop) -> None:
    """Add what the settings list."""
    number = cast.make_number(shop.workspace)
    stopped = Number.objects.create(
        workspace=shop.workspace,
        portfolio=Portfolio.objects.create(
            workspace=shop.workspace, name="Forn de la Plaça", messaging_limit=100_000
        ),
        waba_id=f"21{shop.workspace.pk}",
        phone_number_id=f"11{shop.workspace.pk:08}",
        display_phone="+34 972 000 102",
        verified_name="Forn de la Plaça i Pastisseria de la Mare de Déu de Montserrat",
        quality="YELLOW",
        stopped_for="190",
        api_url="https://graph.facebook.com",
        access_token_sealed=number.access_token_sealed,
        created_at=cast.NOON,
    )
    renew_secret(number.pk, app_secret="old", verify_token="word", by="user 1", at=cast.NOON)
    renew_secret(number.pk, app_secret="new", by="user 1", at=cast.NOON)
    posts = [
        Post.objects.create(
            lane=lane,
            received_at=cast.NOON,
            sealed_body=keyring().seal(b'{"entry": [' + b" " * 900, purpose="log.body"),
            quarantined_reason=reason,
            folded_at=folded_at,
            named=[number.waba_id],
        )
        for lane, reason, folded_at in (
            (1, "one of statuses that cannot be read", cast.NOON),
            (0, "folding failed: DataError", None),
            (1, FOREIGN, cast.NOON),
        )
    ]
    invited = invite(
        "laia.guanyabens@forn.example",
        Role.DESK,
        workspace_id=shop.workspace.pk,
        by="user 1",
        at=timezone.now(),
    )
    shop.ids |= {
        "number_id": number.pk,
        "stopped_id": stopped.pk,
        "post_id": posts[0].pk,
        "user_id": shop.members[Role.PRIVACY].pk,
        "invitation_id": invited.invitation_id,
        "token": invited.token,
    }
