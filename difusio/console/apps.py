"""The app's name for Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The operator's pages."""

    name = "difusio.console"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear from allauth when somebody's second factor changes."""
        from allauth.mfa import signals

        from difusio.console.sign_in import end_other_sessions

        for changed in (
            signals.authenticator_added,
            signals.authenticator_removed,
            signals.authenticator_reset,
        ):
            changed.connect(end_other_sessions, dispatch_uid="difusio.end_other_sessions")
