"""Rules of this house that no other tool knows: who reads the environment, who writes which table, and why.

Each rule is a function from one source file to its findings; a finding says file, line and what to do.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

# Who alone writes these tables (design, section 4, wall c), and the models that stand for them.
OWNED_TABLES: Final = {
    "outbox": r"outbox_(?:delivery|attempt|tally|orphan|lease|servicewindow)",
    "consent": r"consent_(?:entry|block|standing|suppression|wording|topic|tally|check)",
}
OWNED_MODELS: Final = {
    "outbox": frozenset({"Delivery", "Attempt", "Tally", "Orphan", "Lease", "ServiceWindow"}),
    "consent": frozenset({"Entry", "Block", "Standing", "Suppression", "Wording", "Topic", "Tally", "Check"}),
}
_WRITES: Final = frozenset(
    {
        *("create", "bulk_create", "get_or_create", "update_or_create"),
        *("update", "bulk_update", "delete", "save"),
    }
)
_SQL_WRITE: Final = r"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|COPY|MERGE\s+INTO)\s+\"?"
# A suppression is a code and, on its line or the one above, a reason.
_SUPPRESSION: Final = re.compile(
    r"#\s*(?:noqa(?P<noqa>:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?|type:\s*ignore(?P<types>\[[\w\-, ]+\])?)(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of ours.  path: below the repository's root."""

    path: Path
    text: str

    @property
    def app(self) -> str:
        """The folder below ``difusio``, empty elsewhere."""
        parts = self.path.parts
        return parts[1] if parts[0] == "difusio" and len(parts) > 2 else ""  # noqa: PLR2004  # difusio/app/file

    def at(self, line: int, sentence: str) -> str:
        return f"{self.path}:{line}: {sentence}"


Rule = Callable[[Source], Iterator[str]]


def findings() -> list[str]:
    """Give every finding in the repository."""
    return [found for source in _sources() for rule in RULES for found in rule(source)]


def _sources() -> Iterator[Source]:
    for folder in ("difusio", "difusio_checker", "simulator", "tools"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".sql"} and path.is_file() and "migrations" not in path.parts:
                yield Source(path.relative_to(ROOT), path.read_text("utf-8"))


def only_project_reads_the_environment(source: Source) -> Iterator[str]:
    """Settings come from one place, or nobody can list them."""
    if not source.app or source.app == "project" or source.path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(source.text)):
        if not isinstance(node, ast.Attribute | ast.ImportFrom):
            continue
        is_read = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}
        is_import = (
            isinstance(node, ast.ImportFrom) and node.module == "os" and _names(node) & {"environ", "getenv"}
        )
        if is_read or is_import:
            yield source.at(node.lineno, "only difusio/project reads the environment: hand the value in.")


def only_the_owner_writes_its_tables(source: Source) -> Iterator[str]:
    """Consent, tallies and states stay true because one app alone changes them."""
    if source.path.parts[0] != "difusio":
        return
    for owner, tables in OWNED_TABLES.items():
        if source.app == owner:
            continue
        for match in re.finditer(_SQL_WRITE + rf"({tables})\b", source.text, re.IGNORECASE):
            line = source.text.count("\n", 0, match.start()) + 1
            yield source.at(line, f"only difusio/{owner} writes {match[1]}: call its act.")
        if source.path.suffix == ".py":
            for line, model in _model_writes(
                ast.parse(source.text), OWNED_MODELS[owner], f"difusio.{owner}.models"
            ):
                yield source.at(line, f"only difusio/{owner} writes {model}: call its act.")


def nobody_prints(source: Source) -> Iterator[str]:
    """Commands speak through click, everything else through the log."""
    if source.path.parts[0] != "difusio" or source.path.suffix != ".py":
        return
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield source.at(
                node.lineno, "print is for nobody: use click.echo in a command, the log elsewhere."
            )


def suppressions_carry_a_reason(source: Source) -> Iterator[str]:
    """Whoever silences a tool says which rule and why: there, in the comment above, or once for the whole file."""
    if source.path.suffix != ".py":
        return
    above, explained = "", set[str]()
    for number, line in enumerate(source.text.splitlines(), start=1):
        found = _SUPPRESSION.search(line)
        if found and not _is_quoted(line, found.start()):
            rule = (found["noqa"] or found["types"] or "").strip(": ")
            if not rule:
                yield source.at(number, "a suppression names its rule, as # noqa: S603.")
            elif found["rest"].strip(" -#") or above.lstrip().startswith("#"):
                explained.add(rule)
            elif rule not in explained:
                yield source.at(number, f"{rule} is suppressed without a reason: write it behind.")
        above = line


RULES: Final[tuple[Rule, ...]] = (
    only_project_reads_the_environment,
    only_the_owner_writes_its_tables,
    nobody_prints,
    suppressions_carry_a_reason,
)


def _model_writes(tree: ast.Module, models: frozenset[str], module: str) -> Iterator[tuple[int, str]]:
    """Find ``Model.objects….update(…)`` and ``Model(…)`` of models that are imported from ``module``."""
    ours: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            ours |= {name.asname or name.name: name.name for name in node.names if name.name in models}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in ours:
            yield node.lineno, ours[node.func.id]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _WRITES:
            root = _root(node.func)
            if root in ours:
                yield node.lineno, ours[root]


def _root(node: ast.expr) -> str:
    """Give the name that a chain of attributes and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.ImportFrom) -> set[str]:
    return {name.name for name in node.names}


def _is_quoted(line: str, place: int) -> bool:
    """Tell whether the place lies inside a text of the line, not in its comment."""
    return line[:place].count('"') % 2 == 1


def tell(found: Iterable[str]) -> None:
    for line in found:
        print(line)


if __name__ == "__main__":
    tell(findings())
