"""What is asked before the tests: format, lint, templates, types, imports, house rules, migrations, words, docs.

Each check is one line with its seconds; what failed is told in full at the end.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools import house_rules

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found.  output: told only when it failed."""

    name: str
    passed: bool
    output: str
    took_s: float


def main() -> None:
    failed: list[Result] = []
    for name, check in CHECKS.items():
        result = _timed(name, check)
        print(f"{'ok' if result.passed else '!!'}  {name:<12} {result.took_s:5.1f} s", flush=True)
        if not result.passed:
            failed.append(result)
    for result in failed:
        print(f"\n── {result.name}\n{result.output.strip()}")
    if failed:
        print(
            f"\n{len(failed)} of {len(CHECKS)} checks failed: {', '.join(result.name for result in failed)}."
        )
        sys.exit(1)


def _timed(name: str, check: Callable[[], str]) -> Result:
    start = time.monotonic()
    try:
        output = check()
    except subprocess.TimeoutExpired as error:
        output = f"It did not end within {error.timeout:.0f} s."
    return Result(name, not output, output, time.monotonic() - start)


def _runs(*commands: list[str]) -> Callable[[], str]:
    """Run the commands; the check fails with what the first failing one said."""

    def check() -> str:
        for command in commands:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, "NO_COLOR": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            if done.returncode:
                return done.stdout + done.stderr or f"It ended with code {done.returncode}."
        return ""

    return check


def _program(name: str, *arguments: str) -> list[str]:
    return [str(BIN / name), *arguments]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _templates() -> list[str]:
    files = sorted(ROOT.glob("difusio/*/templates/**/*.html"))
    return [str(path.relative_to(ROOT)) for path in files]


def _house_rules() -> str:
    return "\n".join(house_rules.findings())


CHECKS: dict[str, Callable[[], str]] = {
    "format": _runs(_program("ruff", "format", "--check", "--quiet", ".")),
    "lint": _runs(_program("ruff", "check", "--quiet", "--output-format=concise", ".")),
    "templates": _runs(_program("djade", "--check", "--target-version=5.2", *_templates())),
    "types": _runs(_program("mypy"), _program("mypy", "-p", "whatsapp_simulator")),
    "imports": _runs(_program("lint-imports", "--no-cache")),
    "house rules": _house_rules,
    "migrations": _runs(_module("tools.compare_schema")),
    "messages": _runs(_module("pytest", "-q", "-p", "no:cacheprovider", "tests/console/test_messages.py")),
    "docs": _runs(_module("pytest", "-q", "-p", "no:cacheprovider", "tests/docs")),
}


if __name__ == "__main__":
    main()
