"""The simulator's reference as far as its code tells it: command, calls, scenario, faults, acts, shapes, codes.

``tools.paste_help`` writes these parts into simulator/docs/reference.md; tests/docs compare.
"""

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click
import msgspec

PAGE: Final = Path(__file__).resolve().parent.parent / "simulator" / "docs" / "reference.md"
WIDTH: Final = 100

_NODES: Final = {
    "number": "{phone_number_id}", "waba": "{waba_id}", "app": "{app_id}", "template": "{template_id}",
    "template_group": "{template_group_id}", "signup": "{signup_id}", "flow": "{flow_id}", "media": "{media_id}",
    "upload": "upload:{session}",
}  # fmt: skip
_PLAIN: Final = {
    "StrType": "text", "IntType": "whole number", "FloatType": "number", "BoolType": "true or false",
    "BytesType": "Base64", "DictType": "object",
}  # fmt: skip
_DECODES: Final = re.compile(r"decode\((?:request\.)?body, (\w+)\)")
_HANDS_ON: Final = re.compile(r"self\.(_\w+)\(")


def command() -> str:
    """Give the command's help."""
    from whatsapp_simulator.cli import main

    context = click.Context(
        main, info_name="whatsapp-simulator", terminal_width=WIDTH, max_content_width=WIDTH
    )
    helps = [main.get_help(context)]
    for name, act in main.commands.items():
        helps.append(act.get_help(click.Context(act, info_name=name, parent=context)))
    return "\n\n".join(f"```\n{help_text}\n```" for help_text in helps)


def graph() -> str:
    """Give a table of the paths that are answered."""
    from whatsapp_simulator.graph.access import VERSIONS
    from whatsapp_simulator.graph.routes import ROUTES

    rows = []
    for route, methods in sorted(ROUTES.items()):
        node, _, edge = route.partition("/")
        path = "/".join(filter(None, (_NODES.get(node, node), edge.replace("*", "{…}"))))
        rows.append(f"| `/{path}` | {', '.join(methods)} |")
    versions = ", ".join(sorted(VERSIONS))
    return "\n".join(
        [f"Versions: {versions}, and paths without one.", "", "| Path | Methods |", "|---|---|", *rows]
    )


def scenario() -> str:
    """Give a table for each shape of a scenario, the outermost first."""
    from whatsapp_simulator import scenario as module

    names = (
        "Scenario",
        "Setup",
        "Number",
        "Group",
        "Habits",
        "Limits",
        "Rules",
        "PersonFacts",
        "Crowd",
        "ClockFacts",
    )
    return "\n\n".join(_shape(module, name, heading=True) for name in names)


def faults() -> str:
    """Give a table of the kinds of faults, and one of their members."""
    from whatsapp_simulator import faults as module
    from whatsapp_simulator import scenario

    rows = []
    for kind, sentence in module.DOES.items():
        needs = module.MUST_HAVE.get(kind, set())
        may = sorted(module.WANTS[kind] - needs)
        rows.append(
            f"| `{kind}` | {', '.join(map(_code, sorted(needs)))} | {', '.join(map(_code, may))} | {sentence} |"
        )
    kinds = "\n".join(["| Kind | Needs | May have | Does |", "|---|---|---|---|", *rows])
    return f"{kinds}\n\n{_shape(scenario, 'Fault', heading=True)}"


def people() -> str:
    """Give a table of what people do, with the members of each body."""
    from whatsapp_simulator import control_people as module

    acts = module.PeopleActs(None, None).by_name  # type: ignore[arg-type]  # only their names are looked at
    rows = [f"| `{name}` | {_members(module, _body_of(module, act))} |" for name, act in acts.items()]
    return "\n".join(["| Act | Body |", "|---|---|", *rows])


def management() -> str:
    """Give a table of what Meta decides, with the members of each body."""
    from whatsapp_simulator import control_management as module
    from whatsapp_simulator.simulator import Simulator

    async def look() -> dict[str, Any]:
        async with Simulator() as simulator:
            return vars(module.ManagementControl(simulator.world))

    acts = asyncio.run(look())
    rows = []
    for path, table in (
        ("templates/{name}/{language}", acts["_of_templates"]),
        ("numbers/{phone_number_id}", acts["_of_numbers"]),
        ("account", acts["_of_account"]),
    ):
        rows += [
            f"| `{path}/{name}` | {_members(module, shape.__name__)} |" for name, (shape, _) in table.items()
        ]
    return "\n".join(["| POST | Body |", "|---|---|", *rows])


def shown() -> str:
    """Give a table for each shape of a shown message."""
    from whatsapp_simulator import shown as module

    names = (
        "Shown", "Header", "Media", "Location", "Product", "Button", "Section", "Row", "Card", "Offer", "Reaction",
        "TapTarget",
    )  # fmt: skip
    return "\n\n".join(_shape(module, name, heading=True) for name in names)


def codes() -> str:
    """Give a table of Meta's error codes as they are told when nothing more is known."""
    from whatsapp_simulator.graph.errors import ERRORS

    rows = [
        f"| {row.code} | {row.http_status} | {row.title} |"
        for row in sorted(ERRORS.values(), key=lambda row: row.code)
    ]
    return "\n".join(["| Code | HTTP | Title |", "|---|---|---|", *rows])


def _shape(module: ModuleType, name: str, *, heading: bool) -> str:
    shape = getattr(module, name)
    sentence, said = " ".join((inspect.getdoc(shape) or "").split()), _said(module, name)
    rows = [
        f"| `{field.encode_name}` | {_kind(field.type)} | {_default(field)} | {said.get(field.name, '')} |"
        for field in msgspec.structs.fields(shape)
    ]
    title = f"### {name}\n\n" if heading else ""
    return "\n".join([f"{title}{sentence}", "", "| Member | | Default | |", "|---|---|---|---|", *rows])


@cache
def _said(module: ModuleType, name: str) -> dict[str, str]:
    """Find the sentence below each member, in the class and what it inherits from within its module."""
    classes = {
        node.name: node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, str] = {}
    for base in reversed(getattr(module, name).__mro__):
        body = classes[base.__name__].body if base.__name__ in classes else []
        for member, after in pairwise(body):
            if not isinstance(member, ast.AnnAssign) or not isinstance(member.target, ast.Name):
                continue
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                found[member.target.id] = " ".join(str(after.value.value).split())
    return found


def _kind(kind: Any) -> str:
    """Say what a member holds, in words."""
    told = msgspec.inspect.type_info(kind)
    return _words(told).replace("|", "\\|")


def _words(told: Any) -> str:
    match type(told).__name__:
        case "UnionType":
            words = " or ".join(_words(one) for one in told.types if type(one).__name__ != "NoneType")
        case "LiteralType":
            words = ", ".join(f"`{value}`" for value in told.values)
        case "VarTupleType" | "ListType":
            words = f"list of {_words(told.item_type)}"
        case "TupleType":
            words = f"[{', '.join(_words(one) for one in told.item_types)}]"
        case "StructType":
            name = told.cls.__name__
            words = "object" if name.startswith("_") else f"[{name}](#{name.lower()})"
        case plain:
            words = _PLAIN.get(plain, "anything") + _bounds(told)
    return words


def _bounds(told: Any) -> str:
    low, high = getattr(told, "ge", None), getattr(told, "le", None)
    above = getattr(told, "gt", None)
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    if low is not None:
        return f", {low:g} or more"
    return f", above {above:g}" if above is not None else ""


def _default(field: Any) -> str:
    if field.default is msgspec.NODEFAULT:
        return "needed" if field.default_factory is msgspec.NODEFAULT else ""
    default = msgspec.to_builtins(field.default)
    if default in (None, "", [], ()) or isinstance(default, dict):
        return ""
    written = msgspec.json.encode(default).decode()
    return f"`{written}`" if len(written) < 60 else "one"  # noqa: PLR2004 - what fits a cell


def _members(module: ModuleType, name: str) -> str:
    """Write the members of a body in one cell; those that may be left out with a question mark."""
    said = _said(module, name)
    cells = []
    for field in msgspec.structs.fields(getattr(module, name)):
        mark = "" if field.required else "?"
        sentence = said.get(field.name)
        cells.append(f"`{field.encode_name}{mark}` {_kind(field.type)}{f': {sentence}' if sentence else ''}")
    return "<br>".join(cells)


def _body_of(module: ModuleType, act: Callable[..., Any]) -> str:
    """Find the shape that an act reads its body into, through what it hands the body on to."""
    source = textwrap.dedent(inspect.getsource(act))
    found = _DECODES.search(source)
    if found is None:
        handed_on = _HANDS_ON.search(source.split(":", 1)[1])
        if handed_on is None:
            raise SystemExit(f"What body {act} takes cannot be found.")
        found = _DECODES.search(inspect.getsource(getattr(module.PeopleActs, handed_on[1])))
    if found is None:
        raise SystemExit(f"What body {act} takes cannot be found.")
    return found[1]


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


def parts() -> Iterator[tuple[str, Callable[[], str]]]:
    """Give the parts of the page by name."""
    yield from (
        (part.__name__, part) for part in (command, graph, scenario, faults, people, management, shown, codes)
    )
