"""Campaigns."""

from django.urls import URLPattern, path

from difusio.console.pages import calendar, campaigns, checking, planning, recipients, steering

urlpatterns: list[URLPattern] = [
    path("campaigns/", campaigns.index, name="campaigns"),
    path("campaigns/calendar/", calendar.month, name="calendar"),
    path("campaigns/stop/", steering.stop_everything, name="stop_everything"),
    path("campaigns/new/", planning.new, name="campaign_new"),
    path("campaigns/<int:campaign_id>/", campaigns.show, name="campaign"),
    path("campaigns/<int:campaign_id>/whom/", planning.whom, name="campaign_whom"),
    path("campaigns/<int:campaign_id>/what/", planning.what, name="campaign_what"),
    path("campaigns/<int:campaign_id>/when/", planning.when, name="campaign_when"),
    path("campaigns/<int:campaign_id>/check/", checking.check, name="campaign_check"),
    path("campaigns/<int:campaign_id>/check/templates/", checking.refresh, name="campaign_refresh"),
    path("campaigns/<int:campaign_id>/launch/", checking.launch, name="campaign_launch"),
    path("campaigns/<int:campaign_id>/unschedule/", checking.unschedule, name="campaign_unschedule"),
    path("campaigns/<int:campaign_id>/copy/", planning.copy, name="campaign_copy"),
    path("campaigns/<int:campaign_id>/delete/", planning.delete, name="campaign_delete"),
    path("campaigns/<int:campaign_id>/people/", recipients.index, name="recipients"),
    path("campaigns/<int:campaign_id>/people.csv", recipients.download, name="recipients_csv"),
    path("campaigns/<int:campaign_id>/pause/", steering.pause, name="campaign_pause"),
    path("campaigns/<int:campaign_id>/resume/", steering.resume, name="campaign_resume"),
    path("campaigns/<int:campaign_id>/rest/", steering.let_rest_go, name="campaign_rest"),
    path("campaigns/<int:campaign_id>/cancel/", steering.cancel, name="campaign_cancel"),
]
