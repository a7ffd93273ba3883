"""Where a server of this room listens: a socket that is bound before anything else is set up."""

from __future__ import annotations

import errno
import socket
from typing import Final

from atlas.core.errors import DependencyError, MisuseError

MCP_PATH: Final = "/mcp"
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
"""Names of this machine that no other one can reach."""
ANY_HOST: Final = ("0.0.0.0", "::", "")  # noqa: S104 - recognized, not bound
"""What stands for every address of this machine."""


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port`` (0: any free one).

    Raises:
        DependencyError: another program has the port.
        MisuseError: the host is none of this machine's addresses.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as exc:
        raise MisuseError(f"--host {host}: {exc.strerror or exc}; name an address of this machine") from exc
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise DependencyError(
                f"--port {port}: another program on {host} has it; name another port, or 0 for a free one"
            ) from exc
        if exc.errno == errno.EACCES:
            raise MisuseError(f"--port {port}: this user may not listen there; name one from 1024 on") from exc
        raise MisuseError(f"--host {host}: {exc.strerror or exc}; name an address of this machine") from exc
    return listener


def address_of(listener: socket.socket, host: str) -> str:
    """Return the URL at which clients reach ``listener``."""
    port = listener.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{MCP_PATH}"
