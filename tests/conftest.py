"""One PostgreSQL for the whole run, in a home of its own that goes away afterwards."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django
from django.conf import settings

from difusio.common.sealed import Keyring, save_keyring
from difusio.project.embedded_postgres import open_store, remove_store

_HOME = Path(tempfile.mkdtemp(prefix="difusio-tests-"))
os.environ["DIFUSIO_HOME"] = str(_HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "difusio.project.settings"
for _name in ("DIFUSIO_KEYS_FILE", "DIFUSIO_SECRET_KEY"):
    os.environ.pop(_name, None)
save_keyring(Keyring.generate(), _HOME / "keys.json")

# A server of yours may be named; else the embedded one is started, without fsync: tests need no power cuts.
if not os.environ.get("DATABASE_URL"):
    _store = open_store(_HOME, durable=False)
    os.environ["DATABASE_URL"] = _store.url


@atexit.register
def _tidy_up() -> None:
    if "_store" in globals():
        _store.close()
        remove_store(_HOME)
    shutil.rmtree(_HOME, ignore_errors=True)


django.setup()

# Hashing a password slowly protects a store that was stolen; a test's made-up people need no protection.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
