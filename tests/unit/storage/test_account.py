"""Whom the server runs as, and where that account can go."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from atlas.core.errors import StorageError
from atlas.storage.account import Account, own_account, server_account

STRANGER = Account(name="stranger", uid=54321, gid=54321, is_ours=False)
ROOT = pwd.struct_passwd(("root", "x", 0, 0, "", "/", "/bin/sh"))
NOBODY = pwd.struct_passwd(("nobody", "x", 65534, 65533, "", "/", "/bin/false"))
ADA = pwd.struct_passwd(("ada", "x", 1000, 1001, "", "/", "/bin/sh"))


def _be(monkeypatch: pytest.MonkeyPatch, uid: int, accounts: list[pwd.struct_passwd]) -> None:
    def find(number: int) -> pwd.struct_passwd:
        return next(iter([entry for entry in accounts if entry.pw_uid == number]), None) or _missing(number)

    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(pwd, "getpwuid", find)
    monkeypatch.setattr(pwd, "getpwall", lambda: accounts)


def _missing(number: int) -> pwd.struct_passwd:
    raise KeyError(number)


def test_an_ordinary_user_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As whoever it is, with nothing to change."""
    _be(monkeypatch, 1000, [ROOT, NOBODY, ADA])
    account = server_account()
    assert (account.name, account.uid, account.is_ours) == ("ada", 1000, True)


def test_root_lets_an_account_without_rights_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is there on every system, with its own group."""
    _be(monkeypatch, 0, [ROOT, ADA, NOBODY])
    assert server_account() == Account(name="nobody", uid=65534, gid=65533, is_ours=False)
    assert own_account().name == "root"


@pytest.mark.parametrize(
    "accounts",
    [
        pytest.param([ROOT, ADA], id="no-such-account"),
        pytest.param([ROOT, pwd.struct_passwd(("nobody", "x", 0, 0, "", "/", ""))], id="another-name-of-root"),
    ],
)
def test_root_without_such_an_account_is_told_so(
    monkeypatch: pytest.MonkeyPatch, accounts: list[pwd.struct_passwd]
) -> None:
    """Nobody's account is made, and nobody else's is taken."""
    _be(monkeypatch, 0, accounts)
    with pytest.raises(StorageError, match=r"none of the accounts nobody, daemon exists; .*ATLAS_POSTGRES_URL"):
        server_account()


def test_a_user_without_an_account_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number without a name, as in some containers, is no user for PostgreSQL."""
    _be(monkeypatch, 4711, [ROOT, NOBODY])
    with pytest.raises(StorageError, match=r"user number 4711 has no account .*ATLAS_POSTGRES_URL"):
        server_account()


@pytest.mark.parametrize(
    ("mode", "account", "enters"),
    [
        pytest.param(0o711, STRANGER, True, id="others-may"),
        pytest.param(0o710, STRANGER, False, id="others-may-not"),
        pytest.param(0o744, STRANGER, False, id="others-may-read-only"),
        pytest.param(0o700, own_account(), True, id="owner-may"),
        pytest.param(0o611, Account("me", os.geteuid(), os.getegid(), is_ours=False), False, id="owner-may-not"),
        pytest.param(0o610, Account("member", 54321, os.getegid(), is_ours=False), True, id="group-may"),
        pytest.param(0o601, Account("member", 54321, os.getegid(), is_ours=False), False, id="group-may-not"),
    ],
)
def test_mode_bits_say_who_may_enter(mode: int, account: Account, *, enters: bool) -> None:
    """The bits of the owner, the group or the others count, whichever the account is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        gate = Path(name).resolve()
        gate.chmod(mode)
        assert account.may_enter(gate) is enters
        gate.chmod(0o700)


def test_every_folder_above_counts() -> None:
    """A closed folder closes everything in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        inner = Path(name).resolve() / "a" / "b"
        inner.mkdir(parents=True)
        for folder in (inner, inner.parent):
            folder.chmod(0o755)
        assert not STRANGER.may_enter(inner)  # the folder of mkdtemp is for its owner only
        inner.parent.parent.chmod(0o711)
        assert STRANGER.may_enter(inner)
