"""Settings: numbers, members, the business; and the link with which somebody joins."""

from django.urls import URLPattern, path

from difusio.console.pages import invitation, members, restraint, settings, webhooks

urlpatterns: list[URLPattern] = [
    path("settings/", settings.numbers, name="settings"),
    path("settings/numbers/new/", settings.new_number, name="number_new"),
    path("settings/numbers/simulator/", settings.simulator, name="number_simulator"),
    path("settings/numbers/<int:number_id>/", settings.show_number, name="number"),
    path("settings/numbers/<int:number_id>/refresh/", settings.refresh, name="number_refresh"),
    path("settings/numbers/<int:number_id>/go-on/", settings.go_on, name="number_go_on"),
    path("settings/numbers/<int:number_id>/token/", settings.token, name="number_token"),
    path("settings/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/webhooks/secret/", webhooks.new_secret, name="secret_new"),
    path("settings/webhooks/secret/retire/", webhooks.retire, name="secret_retire"),
    path("settings/webhooks/again/", webhooks.again, name="webhooks_again"),
    path("settings/webhooks/<int:post_id>/again/", webhooks.again, name="webhook_again"),
    path("settings/webhooks/<int:post_id>/body/", webhooks.body, name="webhook_body"),
    path("settings/members/", members.members, name="members"),
    path("settings/members/second-factor/", members.second_factor, name="second_factor"),
    path("settings/members/<int:user_id>/role/", members.change_role, name="member_role"),
    path("settings/members/<int:user_id>/remove/", members.remove, name="member_remove"),
    path(
        "settings/invitations/<int:invitation_id>/withdraw/",
        members.withdraw_invitation,
        name="invitation_withdraw",
    ),
    path("settings/restraint/", restraint.restraint, name="restraint"),
    path("settings/business/", settings.business, name="business"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
]
