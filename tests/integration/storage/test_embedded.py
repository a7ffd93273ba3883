"""The embedded server from the inside: what is refused and why, what is left after odd ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from atlas.core.errors import StorageError
from atlas.storage import embedded, places
from atlas.storage.account import server_account
from atlas.storage.embedded import EmbeddedServer, clear_leftovers
from atlas.storage.places import make_run_folder, mark_run_folder, this_machine
from atlas.storage.postmaster import find_postmaster, start_postmaster, stop_postmaster, write_access_rules
from atlas.storage.programs import find_programs


@pytest.fixture(autouse=True)
def run_folders(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Let run folders lie where no other worker clears any away; in the end there are none, and no server runs."""
    folder = open_folder / "t"
    folder.mkdir()
    folder.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []
    assert find_postmaster(open_folder / "d" / "data", server_account()) is None


def _run_folder(server: EmbeddedServer) -> Path:
    with psycopg.connect(server.url("atlas")) as connection:
        return Path(connection.info.host).parent


def _data(server: EmbeddedServer) -> Path:
    with psycopg.connect(server.url("atlas")) as connection:
        (data,) = connection.execute("show data_directory").fetchone() or ("",)
    return Path(data)


def test_a_closed_server_is_gone() -> None:
    """Closing it twice does no harm, and a URL of it is refused."""
    with EmbeddedServer.start() as server:
        run = _run_folder(server)
        assert repr(server) == f"EmbeddedServer({str(run)!r}, open)"
    server.close()
    assert not run.exists()
    assert repr(server) == f"EmbeddedServer({str(run)!r}, closed)"
    with pytest.raises(StorageError, match="was closed; start another one"):
        server.url("atlas")


def test_two_users_in_one_process_share_a_server(open_folder: Path) -> None:
    """The first that leaves does not stop it."""
    with EmbeddedServer.start(open_folder / "d") as first:
        with EmbeddedServer.start(open_folder / "d") as second:
            assert first.url("atlas") == second.url("atlas")
        with psycopg.connect(first.url("atlas")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_the_vectors_are_there() -> None:
    """In the database `atlas`: nearest neighbours can be asked for without a further step."""
    with EmbeddedServer.start() as server, psycopg.connect(server.url("atlas")) as connection:
        assert connection.execute("select '[1,2]'::vector <-> '[1,4]'::vector").fetchone() == (2.0,)


def test_a_directory_that_is_not_kept_is_removed_by_the_last_one_out(open_folder: Path) -> None:
    """Whoever started it said so; files of others in it stay."""
    home = open_folder / "d"
    with EmbeddedServer.start(home, keep=False):
        with EmbeddedServer.start(home):
            (home / "letter.txt").write_text("mine")
        assert (home / "data").exists()
    assert [path.name for path in home.iterdir()] == ["letter.txt"]


def test_a_server_that_does_not_start_shows_its_log(open_folder: Path) -> None:
    """The error ends with what PostgreSQL said; nothing runs, and the data are as they were."""
    home = open_folder / "d"
    with EmbeddedServer.start(home):
        pass
    (home / "data" / "global" / "pg_control").unlink()
    with pytest.raises(StorageError, match=r"does not start: pg_ctl ended with status 1; it logged:(.|\n)*pg_control"):
        EmbeddedServer.start(home)
    assert find_postmaster(home / "data", server_account()) is None
    assert [run for run in places.run_folders() if places.home_of(run) == home] == []
    assert (home / "data" / "PG_VERSION").read_text() == "18\n"


def test_a_start_that_takes_too_long_ends(open_folder: Path) -> None:
    """In the time given; what it began is removed, and the next start is not hindered."""
    home = open_folder / "d"
    with pytest.raises(StorageError, match=r"initdb took longer than 0 s"):
        EmbeddedServer.start(home, timeout_s=0.01)
    assert [run for run in places.run_folders() if places.home_of(run) == home] == []
    with EmbeddedServer.start(home) as server, psycopg.connect(server.url("atlas")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_data_of_another_version_are_refused(open_folder: Path) -> None:
    """The message names both versions and what to do; nothing is touched."""
    data = open_folder / "d" / "data"
    data.mkdir(parents=True)
    for folder in (data, data.parent):
        folder.chmod(0o755)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StorageError, match=r"data is that of PostgreSQL 12, but the installed programs are of .*18"):
        EmbeddedServer.start(data.parent)
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_killed_server_leaves_no_shared_memory() -> None:
    """What the kernel keeps for it is given back when its data are removed."""
    with EmbeddedServer.start() as server:
        lines = (_data(server) / "postmaster.pid").read_text().split("\n")
        key = f"0x{int(lines[6].split()[0]) % 2**32:08x}"
        assert key in _shared_memory()
        os.kill(int(lines[0]), signal.SIGKILL)
    assert key not in _shared_memory()


def test_a_killed_server_is_started_again_for_all_its_users(open_folder: Path) -> None:
    """At the same place, so the URLs that others hold are right again."""
    home = open_folder / "d"
    with EmbeddedServer.start(home) as first:
        pid = int((_data(first) / "postmaster.pid").read_text().split("\n")[0])
        os.kill(pid, signal.SIGKILL)
        with EmbeddedServer.start(home) as second:
            assert second.url("atlas") == first.url("atlas")
            with psycopg.connect(first.url("atlas")) as connection:
                assert connection.execute("select 1").fetchone() == (1,)


def test_a_start_waits_for_the_last_processes_of_a_killed_server(open_folder: Path) -> None:
    """A connection of it that is busy still writes to the data; two servers at once would destroy them."""
    home = open_folder / "d"
    loop = "while clock_timestamp() < till loop end loop"
    busy = f"do $$ declare till timestamptz := clock_timestamp() + '2 s'; begin {loop}; end $$"
    is_busy = "select count(*) from pg_stat_activity where query like 'do $$%' and state = 'active'"
    with EmbeddedServer.start(home) as server, ThreadPoolExecutor(1) as threads:
        pid = int((_data(server) / "postmaster.pid").read_text().split("\n")[0])
        connection = psycopg.connect(server.url("atlas"), autocommit=True)
        work = threads.submit(lambda: connection.execute(busy))
        with psycopg.connect(server.url("atlas"), autocommit=True) as watch:
            while watch.execute(is_busy).fetchone() != (1,):
                assert not work.done()
        os.kill(pid, signal.SIGKILL)
        assert not work.done()
        with EmbeddedServer.start(home) as again, psycopg.connect(again.url("atlas")) as other:
            assert work.done()
            assert other.execute("select 1").fetchone() == (1,)
        connection.close()


def test_a_server_that_lost_its_socket_is_replaced(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run folder was swept away while nobody used it: it is stopped and another one started on the data."""
    home = open_folder / "d"
    server = EmbeddedServer.start(home)
    run, data = _run_folder(server), _data(server)
    before = find_postmaster(data, server_account())
    server._users.release()  # as if its process had been killed
    shutil.rmtree(run)
    with EmbeddedServer.start(home) as other, psycopg.connect(other.url("atlas")) as connection:
        after = find_postmaster(data, server_account())
        assert before is not None
        assert after is not None
        assert before.pid != after.pid
        assert connection.execute("select 1").fetchone() == (1,)
    monkeypatch.setattr(server, "_is_open", False)


def test_a_removed_directory_does_not_hold_up_its_user() -> None:
    """Somebody removed everything while the server ran: closing it ends at once, and the server ends by itself."""
    server = EmbeddedServer.start()
    run = _run_folder(server)
    found = find_postmaster(_data(server), server_account())
    assert found is not None
    shutil.rmtree(run)
    began = time.monotonic()
    server.close()
    assert time.monotonic() - began < 5
    os.kill(found.pid, signal.SIGQUIT)  # not to wait for the minute after which it looks for its files


def test_data_in_use_elsewhere_are_left_alone(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine or container shares the folder, and its processes cannot be seen from here."""
    home = open_folder / "d"
    with EmbeddedServer.start(home) as server:
        monkeypatch.setattr(embedded, "this_machine", lambda: "another machine")
        with pytest.raises(StorageError, match=re.escape(f"{home} is in use on {this_machine()}")):
            EmbeddedServer.start(home)
        monkeypatch.undo()
        with psycopg.connect(server.url("atlas")) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_server_that_somebody_started_by_hand_is_left_alone(open_folder: Path) -> None:
    """The message names its process, which still runs then."""
    home, hand, account = open_folder / "d", open_folder / "hand", server_account()
    with EmbeddedServer.start(home):
        pass
    hand.mkdir()
    hand.chmod(0o711)
    by_hand = places.Site(home=home, run=hand)
    write_access_rules(by_hand)
    start_postmaster(by_hand, find_programs(), account, timeout_s=60)
    found = find_postmaster(home / "data", account)
    assert found is not None
    with pytest.raises(StorageError, match=f"process {found.pid} serves .* stop it first"):
        EmbeddedServer.start(home)
    assert find_postmaster(home / "data", account) == found
    stop_postmaster(home / "data", account, gently=False)


def test_empty_run_folders_are_cleared_away(open_folder: Path) -> None:
    """One of a start that was killed at once, and one whose home is gone; one that is just being filled stays."""
    account = server_account()
    killed, killed_lock = make_run_folder(account)
    homeless, homeless_lock = make_run_folder(account)
    starting, starting_lock = make_run_folder(account)
    mark_run_folder(places.Site(home=open_folder / "gone", run=homeless))
    for lock in (killed_lock, homeless_lock):
        lock.release()
    clear_leftovers(account)
    assert [folder.exists() for folder in (killed, homeless, starting)] == [False, False, True]
    starting_lock.release()
    clear_leftovers(account)
    assert not starting.exists()


def _shared_memory() -> str:
    return subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout
