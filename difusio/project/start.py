"""Make an installation ready for a command: keys, store, Django, schema; refuse what does not fit together."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import django
import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from difusio.common.clock import now
from difusio.common.sealed import Keyring, load_keyring, save_keyring
from difusio.common.sentences import SentenceError
from difusio.project.database import database_settings
from difusio.project.durability import has_standby, unsafe_settings
from difusio.project.embedded_postgres import Store, open_store
from difusio.project.logs import configure
from difusio.project.schema_version import applied_migrations, known_migrations, refuse_newer_store

_OLDEST_POSTGRESQL = 150_000

_log = structlog.get_logger("difusio.start")


class StartError(SentenceError):
    """The installation cannot be used as it is."""


class NotReachable(StartError):
    """The PostgreSQL of DATABASE_URL does not answer: check the address, the password and that it runs."""


class StoreWentAway(StartError):
    """The database stopped answering in the middle: see that it runs, look at what was done already, and run the command again."""  # noqa: E501 - the docstring is the message


class TooOldServer(StartError):
    """This PostgreSQL is older than 15: update it."""


class WrongKeys(StartError):
    """The key file does not belong to this store: put back the one that does; nothing was changed."""


class HomeUnusable(StartError):
    """The folder of this installation cannot be made or written to: choose another one with DIFUSIO_HOME."""


class MissingKeys(StartError):
    """The key file of this store is missing: put it back; without it nothing sealed can be read."""


@dataclass(frozen=True, slots=True)
class Installation:
    """url: where the store answers, with its password; for engines that connect by themselves."""

    home: Path
    url: str
    store: Store | None

    def close(self) -> None:
        """Leave the store; the last process that leaves stops the embedded server."""
        connections.close_all()
        if self.store is not None:
            self.store.close()


def start() -> Installation:
    """Open the store, set Django up, bring the schema up to date, and check that keys and store belong together.

    Raises StartError, StoreError and KeyFileError, each a sentence that says what to do.
    """
    installation = open_installation()
    try:
        keys_file = Path(settings.DIFUSIO_KEYS_FILE)
        is_new = not applied_migrations(connection)
        if not keys_file.exists():
            _make_keys(keys_file, is_new=is_new)
        bring_up_to_date()
        _check_keys(load_keyring(keys_file))
        _set_back_after_restore()
    except BaseException:
        installation.close()
        raise
    return installation


def open_installation() -> Installation:
    """Open the store and set Django up, whatever state the store is in: for restoring into it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "difusio.project.settings")
    home = Path(settings.DIFUSIO_HOME)
    _make_home(home)
    store = None
    url = str(settings.DATABASE_URL)
    if not url:
        store = open_store(home)
        url = store.url
        settings.DATABASES["default"].update(database_settings(url, idle_s=settings.DIFUSIO_LEASE_S))
    installation = Installation(home=home, url=url, store=store)
    try:
        configure(settings.DIFUSIO_LOG_FORMAT)
        django.setup()
        _check_server()
    except BaseException:
        installation.close()
        raise
    return installation


def bring_up_to_date() -> None:
    """Apply what the schema lacks; refuse a store that knows more than this program.  Raises NewerStore."""
    with connection.cursor() as cursor:
        # Several processes start at once: one migrates, the others wait and find nothing left to do.
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('difusio migrate', 0))")
        try:
            refuse_newer_store(connection, known_migrations())
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('difusio migrate', 0))")


def warn_of_store(installation: Installation) -> None:
    """Say in the log what the store may lose.  Cost: 2 queries."""
    if unsafe := unsafe_settings(connection):
        _log.warning("store.unsafe", off=", ".join(unsafe))
    if installation.store is None and not has_standby(connection):
        _log.warning("store.no_standby")


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(f"{HomeUnusable.__doc__} ({home}: {error.strerror})") from None


def _make_keys(keys_file: Path, *, is_new: bool) -> None:
    """Make the key file; of several processes that start at once, the first one's keys hold."""
    if not is_new:
        raise MissingKeys(f"{MissingKeys.__doc__} ({keys_file})")
    draft = keys_file.with_name(f".{keys_file.name}.{os.getpid()}.new")
    try:
        save_keyring(Keyring.generate(), draft)
        with suppress(FileExistsError):
            os.link(draft, keys_file)
        draft.unlink()
    except OSError as error:
        raise HomeUnusable(f"{HomeUnusable.__doc__} ({keys_file.parent}: {error.strerror})") from None


def _check_server() -> None:
    try:
        with connection.cursor():
            version = connection.pg_version  # type: ignore[attr-defined]  # only PostgreSQL's wrapper has it
    except OperationalError as error:
        raise NotReachable(f"{NotReachable.__doc__} ({str(error).strip().splitlines()[-1]})") from None
    if version < _OLDEST_POSTGRESQL:
        raise TooOldServer(TooOldServer.__doc__)


def _check_keys(keyring: Keyring) -> None:
    from difusio.accounts.hold import place
    from difusio.accounts.models import Installation as Row

    row, _ = Row.objects.get_or_create(
        id=1,
        defaults={
            "key_fingerprint": keyring.fingerprint(),
            "newest_key": keyring.active,
            "made_at": now(),
            "released_place": place(),
        },
    )
    if row.key_fingerprint != keyring.fingerprint() or row.newest_key not in keyring.keys:
        raise WrongKeys(WrongKeys.__doc__)
    if keyring.active > row.newest_key:
        Row.objects.filter(id=1).update(newest_key=keyring.active)


def _set_back_after_restore() -> None:
    from difusio.campaigns.after_restore import set_back

    done = set_back(at=now())
    if done is not None:
        _log.warning(
            "store.restored", paused=done.paused, unscheduled=done.unscheduled, cancelled=done.cancelled
        )
