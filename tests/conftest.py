"""One PostgreSQL for each process of the run, in a home of its own that goes away afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import django
import pytest
from django.conf import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from difusio.common.sealed import Keyring, save_keyring
from difusio.project.embedded_postgres import open_store, remove_store

_HOME = Path(tempfile.mkdtemp(prefix="difusio-tests-"))
os.environ["DIFUSIO_HOME"] = str(_HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "difusio.project.settings"
for _name in ("DIFUSIO_KEYS_FILE", "DIFUSIO_SECRET_KEY"):
    os.environ.pop(_name, None)
save_keyring(Keyring.generate(), _HOME / "keys.json")

# A server of yours may be named; else the embedded one is started, without fsync: tests need no power cuts.
_STARTED: Final = not os.environ.get("DATABASE_URL")
if _STARTED:
    _store = open_store(_HOME, durable=False)
    os.environ["DATABASE_URL"] = _store.url


@atexit.register
def _tidy_up() -> None:
    if _STARTED:
        _store.close()
        remove_store(_HOME)
    shutil.rmtree(_HOME, ignore_errors=True)


django.setup()

# Hashing a password slowly protects a store that was stolen; a test's made-up people need no protection.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests with real processes and real times: one after the other in one process, while the other takes the rest.
_STAGES: Final = ("tests/journeys/", "tests/faults/", "tests/cluster/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(_STAGES))


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keep together what shares a stage or a file.

    xdist's own groups are written into the tests' names, which pytest 9.2 no longer lets it do.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "stages" if nodeid.startswith(_STAGES) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Scheduling:
    """Part the run among the processes by our groups."""
    return _Scheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each process among which the run is parted begin as this one did: with a server of its own to freeze."""
    for name in ("DIFUSIO_HOME", "DJANGO_SETTINGS_MODULE", *(["DATABASE_URL"] if _STARTED else [])):
        os.environ.pop(name, None)
