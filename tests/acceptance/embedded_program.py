"""A user's program: starts the embedded server, says where it is, and works with it as its standard input says.

Usage: embedded_program.py [DIRECTORY]. It prints one line of JSON when the server is there and one for every line that
it reads: ``rows`` (count the rows of a table, made when it is missing, and add one), ``fork`` (let a forked child use
the server and end as a program does). At the end of its input it ends, and leaves closing to the interpreter.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from atlas.core.errors import StorageError
from atlas.storage.embedded import EmbeddedServer


def main() -> None:
    """Serve until the input ends."""
    try:
        server = EmbeddedServer.start(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except StorageError as exc:
        sys.exit(str(exc))
    url = server.url("atlas")
    settings = "current_user, current_setting('fsync'), current_setting('data_directory')"
    user, fsync, data = fetch(url, f"select {settings}")
    (version,) = fetch(server.url("crm_sandbox"), "show server_version")
    say(user=user, fsync=fsync, version=version, socket=conninfo_to_dict(url)["host"], data=data, url=url)
    for line in sys.stdin:
        if line.strip() == "rows":
            say(rows=count_rows(server))
        else:
            fork(server)


def fetch(url: str, query: LiteralString) -> tuple[Any, ...]:
    """Return the one row of a query."""
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row


def count_rows(server: EmbeddedServer) -> int:
    """Return how many rows there were, and add one."""
    with psycopg.connect(server.url("atlas")) as connection:
        connection.execute("create table if not exists visits (at timestamptz)")
    (count,) = fetch(server.url("atlas"), "insert into visits values (now()) returning (select count(*) from visits)")
    return count


def fork(server: EmbeddedServer) -> None:
    """Let a child use the server, close it and end."""
    child = os.fork()
    if child == 0:
        count_rows(server)
        server.close()
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    say(child=os.waitstatus_to_exitcode(status))


def say(**facts: object) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
