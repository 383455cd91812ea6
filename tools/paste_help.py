"""Write into the reference what the code says of itself: the commands' help, the settings, Meta's errors.

A page keeps a generated part between ``<!-- generated: NAME -->`` and ``<!-- end -->``; tests/docs compare.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from tools import simulator_reference

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = ROOT / "docs" / "reference"
WIDTH: Final = 100

# What a default is depends on who starts it; the page says it in words.
_DEFAULTS_IN_WORDS: Final = {
    "DIFUSIO_HOME": "`~/.local/share/difusio` (or below `XDG_DATA_HOME`); for root `/var/lib/difusio/home`",
    "DIFUSIO_KEYS_FILE": "`keys.json` in DIFUSIO_HOME",
}
_OUTCOMES: Final = {
    "retry": "tried again later",
    "give_up": "*refused*, for good",
    "stop_number": "back to *queued*; the number is stopped",
    "stop_template": "back to *queued*; every batch with the template is paused",
    "withdraw_consent": "*refused*; the person is withdrawn and suppressed for marketing",
    "wait_a_day": "*refused*; tried once more a day later, unless the workspace's restraint says otherwise",
    "in_doubt": "*in doubt*, until its echo comes",
}


def main() -> None:
    for path, parts in PAGES.items():
        path.write_text(pasted(path.read_text("utf-8"), parts), "utf-8")


def pasted(page: str, parts: "dict[str, Callable[[], str]]") -> str:
    """Give a page with its generated parts made anew."""
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(page):
            raise SystemExit(f"The part {name} is missing.")
        text = make().strip()
        page = pattern.sub(lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page)  # type: ignore[misc]  # the default binds this turn's text
    return page


def commands() -> str:
    """Give the help of every command, in the order in which ``difusio --help`` lists them."""
    from difusio.project.cli import main as program

    return "\n\n".join(_helps(program, "difusio", None))


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    # What a person's folder is called is nobody's business, so the help is made at one width, at no terminal.
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    yield f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from _helps(found, inner, context)


def settings() -> str:
    """Give a table of the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "difusio.project.settings")
    from difusio.project.settings import SETTINGS

    rows = [
        f"| `{setting.name}` | {_DEFAULTS_IN_WORDS.get(setting.name) or _code(setting.default)} | {setting.sentence} |"
        for setting in SETTINGS
    ]
    return "\n".join(["| Variable | Default | What it is for |", "|---|---|---|", *rows])


def errors() -> str:
    """Give a table of Meta's codes: what becomes of the delivery, and the sentence people read."""
    from difusio.cloud_api.causes import cause
    from difusio.cloud_api.verdicts import TABLE

    rows = []
    for code, row in sorted(TABLE.items()):
        when = f" after {row.wait_s:.0f} s" if str(row.outcome) == "retry" else ""
        outcome = _OUTCOMES[str(row.outcome)]
        rows.append(f"| {code} | `{row.outcome}` | {outcome}{when} | {cause(code)} |")
    return "\n".join(
        ["| Code | Outcome | What becomes of the delivery | What people read |", "|---|---|---|---|", *rows]
    )


def rules() -> str:
    """Give a table of the rules that the pre-flight runs."""
    from difusio.rules.packs import WHATSAPP_SPAIN

    pack = WHATSAPP_SPAIN
    rows = [
        f"| `{rule.key}` | {(rule.check.__doc__ or '').strip().splitlines()[0]} | {rule.source} |"
        for rule in pack.rules
    ]
    where = f"Pack `{pack.key}`, version {pack.version}: {pack.jurisdiction}; sources read on {pack.read_on}."
    return "\n".join([where, "", "| Rule | What it looks at | Source |", "|---|---|---|", *rows])


def _code(text: str) -> str:
    return f"`{text}`" if text else "empty"


PAGES: Final[dict[Path, dict[str, Callable[[], str]]]] = {
    REFERENCE / "commands.md": {"commands": commands},
    REFERENCE / "settings.md": {"settings": settings},
    REFERENCE / "errors.md": {"errors": errors},
    REFERENCE / "rules.md": {"rules": rules},
    simulator_reference.PAGE: dict(simulator_reference.parts()),
}


if __name__ == "__main__":
    main()
