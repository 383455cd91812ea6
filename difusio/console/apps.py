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

        from difusio.console import sign_in

        signals.authenticator_added.connect(sign_in.added, dispatch_uid="difusio.added")
        signals.authenticator_removed.connect(sign_in.removed, dispatch_uid="difusio.removed")
        signals.authenticator_reset.connect(sign_in.renewed, dispatch_uid="difusio.renewed")
