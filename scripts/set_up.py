#!/usr/bin/env python3
"""Makes `.venv` from the pinned requirements, or does nothing when it is up to date.

Standard library only, because it runs before anything is installed. Three ways are tried in turn: uv on the PATH;
``venv`` + pip + the pinned uv; ``venv`` + ``pip install --require-hashes``. What pip is told about indexes, proxies and
certificates is handed on to uv. Progress goes to stderr; exit code 0 means ready, 3 that something outside is missing.

A stamp is written last and says what the environment was made from, so one without a stamp, or with another one, is
half-made or stale and is made anew.

Run: ``python3 scripts/set_up.py [--force]``
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from package_sources import read_pip_settings, uv_environment

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path("requirements/lock.txt")
VENV = Path(".venv")
STAMP = VENV / "atlas-set-up.json"

OLDEST = (3, 11)
NEWEST = (3, 14)
EXIT_DEPENDENCY = 3

# What decides how the package itself is installed; the rest of pyproject.toml configures tools and changes often.
_INSTALL_TABLES = re.compile(r"^\[(build-system|project(\..+)?|tool\.hatch(\..+)?)\]\s*$")


class SetUpError(Exception):
    """The environment cannot be made; the message says what is missing and what to do."""


class StepError(Exception):
    """One way of making the environment failed; another one may work."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environment ready and return the exit code."""
    parser = argparse.ArgumentParser(description="Make .venv from the pinned requirements.")
    parser.add_argument("--force", action="store_true", help="make it anew even when it is up to date")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    try:
        interpreter = choose_interpreter()
        with _one_at_a_time():
            wanted = wanted_stamp(interpreter)
            if options.force or read_stamp(STAMP) != wanted:
                make_environment(interpreter, wanted)
    except SetUpError as exc:
        say(f"error: {exc}")
        return EXIT_DEPENDENCY
    return 0


def say(text: str) -> None:
    """Print one line of progress for people."""
    print(f"set-up: {text}", file=sys.stderr, flush=True)


# -- which Python ------------------------------------------------------------------------------------------------------


def choose_interpreter() -> str:
    """Return the path of a CPython that Atlas supports: the running one, else the newest on the PATH.

    Raises:
        SetUpError: there is none.
    """
    if sys.implementation.name == "cpython" and is_supported(sys.version_info[:2]):
        # Inside a virtual environment (perhaps the very one that is about to be replaced) take what it was made from.
        inside = sys.prefix != sys.base_prefix
        return os.path.realpath(sys.executable) if inside else sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found is not None and _answers(found, "import venv"):
            return found
    running = f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}"
    raise SetUpError(
        f"python: Atlas needs CPython {_dotted(OLDEST)} to {_dotted(NEWEST)}; this is {running} and no other one is on"
        f" the PATH. Install one (Debian, Ubuntu: python3 python3-venv; macOS: brew install python@{_dotted(OLDEST)})"
        f" and name it, such as: make PYTHON=python{_dotted(OLDEST)} test"
    )


def is_supported(version: tuple[int, ...]) -> bool:
    """Say whether Atlas runs on this ``(major, minor)`` version.

    Example:
        >>> is_supported((3, 11)), is_supported((3, 10))
        (True, False)
    """
    return OLDEST <= version <= NEWEST


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _answers(interpreter: str, program: str) -> bool:
    # A version manager's stand-in is on the PATH for versions that it does not have; only a run tells.
    return subprocess.run([interpreter, "-c", program], capture_output=True, check=False).returncode == 0


# -- is it up to date --------------------------------------------------------------------------------------------------


def wanted_stamp(interpreter: str) -> dict[str, str]:
    """Return what an up-to-date environment was made from."""
    version = subprocess.run(
        [interpreter, "-c", "import platform; print(platform.python_version(), platform.machine())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "lock": hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256(
            install_part(Path("pyproject.toml").read_text(encoding="utf-8")).encode()
        ).hexdigest(),
        "python": version.stdout.strip(),
        "root": str(ROOT),  # an environment does not survive being moved or copied
    }


def install_part(pyproject: str) -> str:
    r"""Return the tables of a pyproject.toml that decide how the package is installed.

    Example:
        >>> install_part("[project]\nname = 'a'\n[tool.ruff]\nline-length = 100\n")
        "[project]\nname = 'a'"
    """
    kept: list[str] = []
    keeping = False
    for line in pyproject.splitlines():
        if line.startswith("["):
            keeping = _INSTALL_TABLES.match(line) is not None
        if keeping:
            kept.append(line)
    return "\n".join(kept)


def read_stamp(path: Path) -> dict[str, str] | None:
    """Return what the environment was made from, or None when that is unknown: it is missing or half-made."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if (path.parent / "bin" / "python").exists() else None


@contextmanager
def _one_at_a_time() -> Generator[None]:
    # Two `make`s at once would build the same folder; the lock goes with the process, so a killed one leaves none.
    with LOCK.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running in this checkout; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# -- making it ---------------------------------------------------------------------------------------------------------


def make_environment(interpreter: str, stamp: Mapping[str, str]) -> None:
    """Replace `.venv` by a fresh one that holds exactly the locked packages and Atlas itself.

    Raises:
        SetUpError: every way failed.
    """
    started = time.monotonic()
    failures: list[str] = []
    for way, make in (("uv", _with_uv_on_path), ("venv and the pinned uv", _with_own_uv), ("venv and pip", _with_pip)):
        try:
            make(interpreter)
        except StepError as exc:
            failures.append(f"{way}: {exc}")
            say(f"{way}: {exc}")
        else:
            scratch = STAMP.with_suffix(".part")
            scratch.write_text(json.dumps(stamp), encoding="utf-8")
            scratch.replace(STAMP)
            say(f".venv is ready ({way}, Python {stamp['python']}, {time.monotonic() - started:.0f} s)")
            return
    raise SetUpError("no way to make .venv worked\n  - " + "\n  - ".join(failures))


def _with_uv_on_path(interpreter: str) -> None:
    uv = shutil.which("uv")
    if uv is None or Path(uv).absolute().is_relative_to(VENV.absolute()):  # the one inside goes with the environment
        raise StepError("uv is not on the PATH")
    settings = uv_environment(read_pip_settings(interpreter), os.environ)
    _remove_environment()
    say(f"making .venv with {uv}")
    _run([uv, "venv", "--quiet", "--python", interpreter, str(VENV)], settings)
    _install_with_uv(uv, settings)


def _with_own_uv(interpreter: str) -> None:
    _make_venv(interpreter)
    say("installing uv")
    with tempfile.TemporaryDirectory() as scratch:
        only_uv = Path(scratch) / "uv.txt"
        only_uv.write_text(locked_block(LOCK.read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        _run([*_PIP, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(only_uv)], _PIP_ENVIRONMENT)
    settings = uv_environment(read_pip_settings(_VENV_PYTHON), os.environ)
    _install_with_uv(str(VENV / "bin" / "uv"), settings)


def _with_pip(interpreter: str) -> None:
    _make_venv(interpreter)
    say("installing the locked packages with pip")
    _run([*_PIP, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)], _PIP_ENVIRONMENT)
    _run([*_PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."], _PIP_ENVIRONMENT)


_VENV_PYTHON = str(VENV / "bin" / "python")
_PIP = (_VENV_PYTHON, "-m", "pip", "--disable-pip-version-check")
_PIP_ENVIRONMENT = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}  # settings that would send packages elsewhere


def _install_with_uv(uv: str, settings: Mapping[str, str]) -> None:
    say("installing the locked packages")
    # --no-deps: the lock is whole, and packages declare things that its overrides leave out on purpose.
    # --compile-bytecode: else the first test run compiles, and a warning of a package's source would be an error.
    install = [uv, "pip", "install", "--quiet", "--python", _VENV_PYTHON, "--no-deps"]
    _run([*install, "--compile-bytecode", "--require-hashes", "-r", str(LOCK)], settings)
    _run([*install, "--no-build-isolation", "--editable", "."], settings)


def _make_venv(interpreter: str) -> None:
    _remove_environment()
    # Debian ships Python without it, and `-m venv` would say so in the middle of a traceback.
    if not _answers(interpreter, "import venv, ensurepip"):
        version = subprocess.run(
            [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        raise SetUpError(
            f"missing package: python{version}-venv (this Python has no venv with pip). Install it"
            f" (Debian, Ubuntu: apt-get install python{version}-venv) or put uv on the PATH"
        )
    say(f"making .venv with {interpreter} -m venv")
    _run([interpreter, "-m", "venv", str(VENV)], {})


def _remove_environment() -> None:
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        say("removing the stale .venv")
        shutil.rmtree(VENV)


def _run(command: Sequence[str], settings: Mapping[str, str]) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "PYTHONPATH"}}
    environment.update(settings)
    try:
        # Output of tools is progress: it goes to stderr, so that stdout stays data.
        done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
    except OSError as exc:
        raise StepError(f"cannot run {command[0]}: {exc.strerror or exc}") from exc
    if done.returncode != 0:
        shown = " ".join(Path(command[0]).name if i == 0 else part for i, part in enumerate(command[:4]))
        raise StepError(f"`{shown} …` ended with exit code {done.returncode}; its message stands above")


def locked_block(lock: str, package: str) -> str:
    r"""Return the lines of a hashed requirement file that pin one package.

    Raises:
        SetUpError: the lock does not pin it.

    Example:
        >>> print(locked_block("a==1 \\\n    --hash=sha256:0\nuv==2 \\\n    --hash=sha256:1\n", "uv"))
        uv==2 \
            --hash=sha256:1
        <BLANKLINE>
    """
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ ]+--hash=.*\n?)+", lock, flags=re.MULTILINE)
    if found is None:
        raise SetUpError(f"{LOCK} does not pin {package}; compile it anew: make lock")
    return found.group()


if __name__ == "__main__":
    sys.exit(main())
