"""Home, the first run, the language, and what the pages are made of."""

from django.urls import URLPattern, path

from difusio.console.pages import first_run, home, language, parts, restored, test_message, workspaces

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("test-message/", test_message.test_message, name="test_message"),
    path("first-run/", first_run.first_run, name="first_run"),
    path("language/", language.set_language, name="set_language"),
    path("workspaces/<int:workspace_id>/", workspaces.work_in, name="workspace"),
    path("restored/", restored.restored, name="restored"),
    path("console/parts/", parts.parts, name="parts"),
]
