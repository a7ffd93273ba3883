"""Where a server listens, and what is told when it cannot."""

from __future__ import annotations

import errno
import socket

import pytest

from atlas.core.errors import DependencyError, MisuseError
from atlas.environments.listening import address_of, bind


def test_any_free_port_can_be_taken() -> None:
    """The address names it."""
    with bind("127.0.0.1", 0) as one, bind("127.0.0.1", 0) as two:
        ports = {listener.getsockname()[1] for listener in (one, two)}
        assert len(ports) == 2
        assert address_of(one, "127.0.0.1") == f"http://127.0.0.1:{one.getsockname()[1]}/mcp"
        with socket.create_connection(one.getsockname()):
            pass


def test_a_host_of_the_newer_protocol_stands_in_brackets() -> None:
    """Or its colons would be taken for that of the port."""
    with bind("::1", 0) as listener:
        assert address_of(listener, "::1").startswith("http://[::1]:")


def test_a_port_that_somebody_has_is_named_with_its_flag() -> None:
    """Somebody else's program is in the way: exit code 3."""
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DependencyError, match=f"--port {port}: another program on 127.0.0.1 has it") as caught:
            bind("127.0.0.1", port)
        assert caught.value.exit_code == 3


def test_a_port_that_this_user_may_not_have_is_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag is named, and which ports anybody may have."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(MisuseError, match="--port 80: this user may not listen there; name one from 1024 on"):
        bind("127.0.0.1", 80)


def test_a_host_that_is_not_this_machine_is_misuse() -> None:
    """The flag is named: exit code 2."""
    with pytest.raises(MisuseError, match=r"--host 192\.0\.2\.1: .*; name an address of this machine"):
        bind("192.0.2.1", 0)


def test_a_host_that_nobody_knows_is_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag is named, with what the resolver says."""

    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(MisuseError, match="--host nowhere: Name or service not known; name an address"):
        bind("nowhere", 0)
