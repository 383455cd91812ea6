"""A command group that imports a command only when it is asked for, so that ``--help`` answers at once."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """commands: name → ``module:attribute``."""

    def __init__(self, *args: object, lazy: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click's own arguments pass through
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a newcomer meets them."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and give a command."""
        place = self._lazy.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, attribute = place.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
