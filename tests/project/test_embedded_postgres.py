"""The embedded PostgreSQL: real servers, real processes, real kills."""

import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from difusio.project import postgres_programs
from difusio.project.embedded_postgres import StillInUse, open_store, remove_store, status
from difusio.project.postgres_server import (
    DiskFull,
    DoesNotStart,
    FolderNotUsable,
    NotDurable,
    OtherPostgres,
    OtherUsersStore,
    PasswordMissing,
    PasswordWrong,
    memory_settings,
)
from difusio.project.supervisor import keep_store
from tests.project.store_processes import StoreUser, kill_server, ordinary_user, postmaster

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="shows what happens when root runs Difusió")


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    yield home
    remove_store(home)


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("made") / "home"
    open_store(home).close()
    yield home
    remove_store(home)


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home with a store that nobody uses; making one anew for every test would take a second each."""
    yield made_home
    with open_store(made_home) as store:
        ask(store.url, "DROP TABLE IF EXISTS kept")
    assert not status(made_home).running


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose store runs all the while, for what only needs a look."""
    home = tmp_path_factory.mktemp("running") / "home"
    with open_store(home):
        yield home
    remove_store(home)


@pytest.fixture
def local_conf(home: Path) -> Iterator[Path]:
    """The file for settings of one's own."""
    file = status(home).log.with_name("local.conf")
    yield file
    file.unlink()


@pytest.fixture
def system_folder() -> Iterator[Path]:
    """A folder like /var/lib/difusio, where a system user can go: root's temporary folders are shut to it."""
    folder = Path(tempfile.mkdtemp(prefix="difusio-tests-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def keep(url: str, name: str) -> None:
    ask(url, f"CREATE TABLE IF NOT EXISTS kept (name text); INSERT INTO kept VALUES ('{name}')")


def kept(url: str) -> list[tuple[object, ...]]:
    return ask(url, "SELECT name FROM kept ORDER BY name")


def began(url: str) -> object:
    """Say when the server began; None: it does not answer."""
    try:
        return ask(url, "SELECT pg_postmaster_start_time()")[0][0]
    except psycopg.OperationalError:
        return None


def rights(folder: Path) -> list[tuple[Path, int, int]]:
    return [(path, path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)]


def it_saves_durably_with_checksums_in_utf8_and_utc(running_home: Path) -> None:
    names = (
        "fsync", "full_page_writes", "synchronous_commit", "data_checksums",
        "server_encoding", "TimeZone", "max_connections",
    )  # fmt: skip

    with open_store(running_home) as store:
        found = [ask(store.url, f"SHOW {name}")[0][0] for name in names]

    assert found == ["on", "on", "on", "on", "UTF8", "UTC", "100"]


@pytest.mark.parametrize(
    ("machine_mb", "buffers", "cached"),
    [(512, "128MB", "256MB"), (2_048, "256MB", "1024MB"), (24_576, "2048MB", "12288MB")],
)
def it_keeps_an_eighth_of_the_memory_to_itself(machine_mb: int, buffers: str, cached: str) -> None:
    assert memory_settings(machine_mb * 2**20) == {"shared_buffers": buffers, "effective_cache_size": cached}


def it_knows_how_much_memory_there_is(running_home: Path) -> None:
    machine_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20

    with open_store(running_home) as store:
        ((fits,),) = ask(
            store.url,
            "SELECT pg_size_bytes(current_setting('effective_cache_size')) / 2 ^ 20"
            f" BETWEEN 256 AND {max(256, machine_mb // 2)}",
        )

    assert fits


def it_sorts_alike_on_every_machine(running_home: Path) -> None:
    with open_store(running_home) as store:
        locale = ask(store.url, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'difusio'")

    assert locale == [("b", "C.UTF-8")]


def it_listens_on_no_network(running_home: Path) -> None:
    with open_store(running_home) as store:
        assert ask(store.url, "SHOW listen_addresses") == [("",)]


def it_lets_in_only_its_role_with_its_password(running_home: Path) -> None:
    with open_store(running_home) as store:
        password = conninfo_to_dict(store.url)["password"]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            ask(store.url.replace(f":{password}@", ":wrong@"), "SELECT 1")
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            ask(store.url.replace("//difusio:", "//postgres:"), "SELECT 1")


def it_gives_its_role_no_superusers_rights(running_home: Path) -> None:
    with open_store(running_home) as store, pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(store.url, "COPY (SELECT 1) TO PROGRAM 'true'")


def it_keeps_peoples_values_out_of_its_log(running_home: Path) -> None:
    canary = f"+34{secrets.randbelow(10**9):09}"

    with open_store(running_home) as store:
        for wrong in (
            f"SELECT '{canary}'::date",
            f"CREATE TEMP TABLE once (phone text UNIQUE); INSERT INTO once VALUES ('{canary}'), ('{canary}')",
        ):
            with pytest.raises(psycopg.Error, match=re.escape(canary)):
                ask(store.url, wrong)
        log = store.log.read_text()

    assert "ready to accept connections" in log
    assert canary not in log


def it_keeps_data_and_password_to_itself(running_home: Path) -> None:
    password = running_home / "postgres.password"

    with open_store(running_home) as store:
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (store.data, password)]
        shown = repr(store)

    assert modes == [0o700, 0o600]
    assert password.read_text() not in shown


def it_leaves_the_rights_of_all_folders_above_as_they_were(new_home: Path) -> None:
    new_home.parent.chmod(0o700)
    packaged = postgres_programs.packaged_programs()
    before = rights(new_home.parent), rights(packaged)

    with open_store(new_home):
        after = rights(new_home.parent), rights(packaged)

    assert after == before


def it_works_in_a_home_with_a_long_and_odd_path(tmp_path: Path) -> None:
    with ordinary_user(tmp_path) as someone:
        home = someone.folder / ("a folder, with 'signs' \"and\" \\ ñ " + "x" * 150) / "home"
        with someone.user(home) as user:
            socket_folder = Path(str(conninfo_to_dict(user.url())["host"]))
            private = stat.S_IMODE(socket_folder.stat().st_mode)
            user.ends()

    assert len(os.fsencode(socket_folder)) < 80
    assert private == 0o700
    assert not socket_folder.exists()


def it_lives_in_its_home_for_an_ordinary_user(tmp_path: Path) -> None:
    with ordinary_user(tmp_path) as someone:
        home = someone.folder / "home"
        data = home / "postgres" / "data"
        with someone.user(home) as first, someone.user(home) as second:
            urls = {first.url(), second.url()}
            first.is_killed()
            running = (data / "postmaster.pid").exists()
            complaint = second.ends()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "postgres", data)]
        owner = data.stat().st_uid
        left = (data / "postmaster.pid").exists()

    assert len(urls) == 1
    assert (running, left, complaint) == (True, False, "")
    assert modes == [0o700, 0o700, 0o700]
    assert owner == (someone.account.pw_uid if someone.account else os.geteuid())


def it_says_which_folder_an_ordinary_user_may_not_write(tmp_path: Path) -> None:
    with ordinary_user(tmp_path) as someone:
        someone.folder.chmod(0o500)
        with someone.user(someone.folder / "home") as user:
            complaint = user.ends()
        someone.folder.chmod(0o700)

    assert complaint.startswith("FolderNotUsable: The store's folder cannot be made or written")
    assert str(someone.folder / "home") in complaint


def it_says_so_when_a_file_stands_where_its_folder_should(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    with pytest.raises(FolderNotUsable, match="File exists"):
        open_store(tmp_path / "home")


@as_root
def it_runs_as_a_system_user_when_root_starts_it(home: Path) -> None:
    with open_store(home) as store:
        process = Path(f"/proc/{postmaster(store.data)}")
        server = pwd.getpwuid(process.stat().st_uid).pw_name
        programs = (process / "exe").readlink()

    assert server == "difusio"
    assert Path("/var/lib/difusio/postgres") in programs.parents
    assert store.data.parents[1] == Path("/var/lib/difusio/stores")


@as_root
def it_copies_the_programs_once_for_root_and_leaves_them_to_root(system_folder: Path) -> None:
    copies = system_folder / "postgres"

    with ThreadPoolExecutor(4) as pool:
        runners = list(pool.map(postgres_programs.runner, [system_folder] * 4))

    assert len({runner.programs for runner in runners}) == 1
    assert [copy.name for copy in copies.iterdir()] == ["0.6.0"]
    assert [path for path in copies.rglob("*") if path.stat().st_mode & 0o022 or path.stat().st_uid] == []


@as_root
def it_refuses_a_system_folder_that_others_may_write(system_folder: Path) -> None:
    system_folder.chmod(0o777)

    with pytest.raises(postgres_programs.FolderNotOurs):
        postgres_programs.runner(system_folder)

    assert stat.S_IMODE(system_folder.stat().st_mode) == 0o777


@as_root
def it_tells_root_of_a_store_that_an_ordinary_user_made(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)

    with pytest.raises(OtherUsersStore, match="run the command as that user"):
        open_store(tmp_path)


def it_is_there_for_the_first_and_gone_after_the_last(home: Path) -> None:
    first = open_store(home)
    second = open_store(home)

    first.close()
    first.close()
    still = status(home).running
    second.close()

    assert still
    assert not status(home).running


def it_is_started_once_by_many_processes_that_come_together(new_home: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(StoreUser(new_home)) for _ in range(6)]
        urls = {user.url() for user in users}
        data = status(new_home).data
        server = postmaster(data)
        seen = []
        for user in users:
            seen.append((status(new_home).running, postmaster(data)))
            user.ends()

    assert len(urls) == 1
    assert seen == [(True, server)] * 6
    assert not status(new_home).running


def it_stops_when_the_last_process_ends_without_a_word(home: Path) -> None:
    with StoreUser(home) as user:
        user.url()
        complaint = user.ends()

    assert complaint == ""
    assert not status(home).running


def it_does_not_hear_the_ctrl_c_of_the_terminal(running_home: Path) -> None:
    with open_store(running_home) as store:
        assert os.getsid(postmaster(store.data)) != os.getsid(0)


def it_is_left_to_the_parent_by_a_forked_child(home: Path) -> None:
    with StoreUser(home) as user:
        url = user.url()
        user.does("import os; child = os.fork(); child or (store.close(), os._exit(0)); os.waitpid(child, 0)")
        still = ask(url, "SELECT 1")
        user.ends()

    assert still == [(1,)]
    assert not status(home).running


def it_is_not_held_by_a_program_that_a_user_has_left_behind(home: Path) -> None:
    note = home / "sleeper"
    with StoreUser(home) as user:
        user.url()
        user.does("import subprocess; null = subprocess.DEVNULL")
        user.does(
            "child = subprocess.Popen(['sleep', '600'], stdin=null, stdout=null, stderr=null, close_fds=False)"
        )
        user.does(f"Path({str(note)!r}).write_text(str(child.pid))")
        user.is_killed()
    sleeper = int(note.read_text())

    open_store(home).close()
    still = status(home).running
    os.kill(sleeper, signal.SIGKILL)

    assert not still


def it_is_simply_opened_after_all_its_users_were_killed(home: Path) -> None:
    with StoreUser(home) as first, StoreUser(home) as second:
        keep(first.url(), "Asha")
        keep(second.url(), "Bilal")
        first.is_killed()
        second.is_killed()
    orphan = status(home).running

    with open_store(home) as store:
        found = kept(store.url)

    assert orphan
    assert found == [("Asha",), ("Bilal",)]
    assert not status(home).running


def it_is_simply_opened_after_its_server_was_killed(home: Path) -> None:
    with open_store(home) as before:
        keep(before.url, "Asha")
        os.kill(postmaster(before.data), signal.SIGKILL)

        with open_store(home) as after:
            found = kept(after.url)

    assert found == [("Asha",)]
    assert not status(home).running


def it_starts_its_killed_server_again_for_those_who_use_it(home: Path) -> None:
    with open_store(home) as store:
        keep(store.url, "Asha")
        was_gone = [store.ensure_running()]
        os.kill(postmaster(store.data), signal.SIGKILL)
        wait_until(lambda: not status(home).running)

        was_gone += [store.ensure_running(), store.ensure_running()]
        found = kept(store.url)
    was_gone.append(store.ensure_running())

    assert was_gone == [False, True, False, False]
    assert found == [("Asha",)]
    assert not status(home).running


def it_starts_it_again_where_its_users_look_for_it_in_a_home_with_a_long_path(tmp_path: Path) -> None:
    with ordinary_user(tmp_path) as someone:
        home = someone.folder / ("x" * 150) / "home"
        with someone.user(home) as user:
            url = user.url()
            user.does(
                "import os, signal; postmaster = (store.data / 'postmaster.pid').read_text().split()[0]"
            )
            user.does("os.kill(int(postmaster), signal.SIGKILL)")
            user.does("while not store.ensure_running(): pass")
            user.does("import psycopg; psycopg.connect(store.url).close()")
            same = conninfo_to_dict(url)["host"] == (home / "postgres" / "socket-folder").read_text()
            complaints = user.ends()

    assert same
    assert complaints == ""


def it_is_kept_running_until_it_is_told_to_stop(home: Path) -> None:
    stop = Event()
    with open_store(home) as store, ThreadPoolExecutor(1) as threads:
        keeping = threads.submit(keep_store, store, stop)
        keep(store.url, "Asha")
        first = began(store.url)
        os.kill(postmaster(store.data), signal.SIGKILL)

        wait_until(lambda: began(store.url) not in {None, first})
        found = kept(store.url)
        stop.set()
        keeping.result()

    assert found == [("Asha",)]


def it_is_simply_opened_after_everything_was_killed_while_it_was_written(home: Path) -> None:
    with StoreUser(home) as user:
        keep(user.url(), "Asha")
        user.does("import psycopg; connection = psycopg.connect(store.url)")
        user.does("connection.execute(\"INSERT INTO kept SELECT 'never' FROM generate_series(1, 100000)\")")
        user.process.send_signal(signal.SIGKILL)
        kill_server(status(home).data)

    with open_store(home) as store:
        found = kept(store.url)

    assert found == [("Asha",)]


def it_waits_for_a_query_that_outlives_its_killed_server(home: Path) -> None:
    with StoreUser(home) as user:
        keep(user.url(), "Asha")
        endless = "SELECT sum(n) FROM generate_series(1, 1e12) AS n"
        user.begins(f"import psycopg; psycopg.connect(store.url).execute({endless!r})")
        busy = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT sum%'"
        url = open_url(home)
        wait_until(lambda: ask(url, busy) == [(1,)])
        os.kill(postmaster(status(home).data), signal.SIGKILL)
        user.is_killed()

    with open_store(home) as store:
        found = kept(store.url)

    assert found == [("Asha",)]


def it_opens_after_kills_at_any_moment_of_a_start(new_home: Path) -> None:
    for killed_after_ms in range(20, 800, 120):
        with StoreUser(new_home) as user:
            with pytest.raises(subprocess.TimeoutExpired):
                user.process.wait(killed_after_ms / 1000)
            user.is_killed()

    with open_store(new_home) as store:
        keep(store.url, "Asha")
        found = kept(store.url)

    assert found == [("Asha",)]
    assert list(store.data.parent.glob("data.new*")) == []


def it_does_not_believe_process_ids_that_belong_to_strangers(home: Path) -> None:
    with open_store(home) as store:
        keep(store.url, "Asha")
        socket_folder = Path(str(conninfo_to_dict(store.url)["host"]))
        notes = [store.data / "postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"]
        texts = [note.read_text() for note in notes]
        kill_server(store.data)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        socket_folder.mkdir(exist_ok=True)
        for note, text in zip(notes, texts, strict=True):
            note.unlink(missing_ok=True)
            note.write_text(text.replace(text.splitlines()[0], str(stranger.pid), 1))

        with open_store(home) as store:
            found = kept(store.url)
        alive = stranger.poll() is None
        stranger.kill()

    assert found == [("Asha",)]
    assert alive


def it_refuses_data_of_another_postgresql(new_home: Path) -> None:
    open_store(new_home).close()
    version = status(new_home).data / "PG_VERSION"

    for other in ("16", "19"):
        version.write_text(f"{other}\n")
        with pytest.raises(OtherPostgres, match=f": {other}; this program: 18"):
            open_store(new_home)

    assert not status(new_home).running


def it_shows_the_servers_last_words_when_it_does_not_start(home: Path, local_conf: Path) -> None:
    local_conf.write_text("shared_buffers = plenty\n")

    with pytest.raises(DoesNotStart, match='invalid value for parameter "shared_buffers": "plenty"'):
        open_store(home)


def it_heeds_the_settings_of_whoever_runs_it(home: Path, local_conf: Path) -> None:
    local_conf.write_text("work_mem = 5MB\n")

    with open_store(home) as store:
        assert ask(store.url, "SHOW work_mem") == [("5MB",)]


def it_makes_no_second_password_for_old_data(home: Path) -> None:
    file = home / "postgres.password"
    password = file.read_text()
    file.unlink()

    try:
        with pytest.raises(PasswordMissing):
            open_store(home)
        file.write_text("another")
        with pytest.raises(PasswordWrong):
            open_store(home)
    finally:
        file.write_text(password)


def it_is_loose_only_when_asked_and_then_not_lent_to_others(home: Path) -> None:
    with open_store(home, durable=False) as loose:
        assert ask(loose.url, "SHOW fsync") == [("off",)]
        with pytest.raises(NotDurable):
            open_store(home)

    with open_store(home) as store:
        assert ask(store.url, "SHOW fsync") == [("on",)]


def it_is_removed_only_when_nobody_uses_it(new_home: Path) -> None:
    with open_store(new_home) as store:
        with pytest.raises(StillInUse):
            remove_store(new_home, wait_s=0.1)
        keep(store.url, "Asha")

    remove_store(new_home)
    remove_store(new_home)

    with open_store(new_home) as store:
        assert ask(store.url, "SELECT to_regclass('kept')") == [(None,)]


def it_says_that_the_disk_is_full_and_opens_once_there_is_room(tmp_path: Path, system_folder: Path) -> None:
    home = tmp_path / "home"
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m,mode=755", "tmpfs", str(system_folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs a small disk of its own, which only root may mount (and not in every container)")
    try:
        with pytest.raises(DiskFull):
            open_store(home, system_folder=system_folder)
        subprocess.run(["mount", "-o", "remount,size=300m", str(system_folder)], check=True)
        with open_store(home, system_folder=system_folder) as store:
            keep(store.url, "Asha")
        filling = system_folder / "filling"
        with filling.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
        with pytest.raises(DiskFull):
            open_store(home, system_folder=system_folder)
        filling.unlink()
        with open_store(home, system_folder=system_folder) as store:
            found = kept(store.url)
    finally:
        subprocess.run(["umount", system_folder], check=True)

    assert found == [("Asha",)]


def open_url(home: Path) -> str:
    """Give the URL of a store that another process keeps open."""
    with open_store(home) as store:
        return store.url


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
