"""What somebody else gets: the built wheel, installed where nothing is, and a test of ten lines."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SIMULATOR = Path(__file__).resolve().parent.parent
TEN_LINES = """\
import pytest
from whatsapp_simulator.scenario import Scenario, Setup
@pytest.fixture
def whatsapp_simulator_scenario(whatsapp_receiver):
    return Scenario(setup=Setup(callback_url=whatsapp_receiver.url))
def test_what_a_person_writes_arrives(whatsapp_simulator, whatsapp_receiver):
    whatsapp_simulator.control("POST", "people/+34600000001/write", {"text": "Hola"})
    whatsapp_simulator.wait_until("settled")
    texts = [message["text"]["body"] for message in whatsapp_receiver.messages]
    assert texts == ["Hola"]
"""


def _run(*command: str | Path, cwd: Path) -> str:
    # The stranger has none of our settings, and no name of a test run that is under way.
    ours = ("PYTEST_", "PYTHONPATH", "DJANGO_", "COVERAGE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=SIMULATOR)
    return next(folder.glob("*.whl"))


def it_has_the_page_in_its_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    static = SIMULATOR / "whatsapp_simulator" / "page" / "static"
    assert {f"whatsapp_simulator/page/static/{file.name}" for file in static.iterdir()} <= names
    assert "whatsapp_simulator/py.typed" in names


def it_works_in_an_empty_environment_with_a_test_of_ten_lines(wheel: Path, tmp_path: Path) -> None:
    # A pip from outside installs as well, and saves the seconds that a pip of its own costs.
    _run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    try:
        _run(*pip, "install", "--quiet", "--no-compile", "--retries", "1", wheel, "pytest", cwd=tmp_path)
    except (AssertionError, subprocess.TimeoutExpired) as problem:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"The package registry cannot be reached: {str(problem)[-200:]}")
    (tmp_path / "test_mine.py").write_text(TEN_LINES)

    told = _run(python, "-m", "pytest", "-q", "test_mine.py", cwd=tmp_path)

    assert "1 passed" in told
    assert len(TEN_LINES.splitlines()) == 10
    packages = _run(*pip, "list", cwd=tmp_path).lower()
    assert "django" not in packages
    assert "difusio" not in packages
