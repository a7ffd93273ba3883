"""URLs of databases: no password is ever shown, and what is no URL is refused in words."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from atlas.core.errors import ConfigError, StorageError
from atlas.storage.connect import PostgresSettings
from atlas.storage.databases import connect
from atlas.storage.urls import checked_url, masked, with_database

SECRET = "hunter2"  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("postgresql://db/atlas", "postgresql://db/atlas", id="nothing-to-hide"),
        pytest.param("postgresql://ada@db:5433/atlas", "postgresql://ada@db:5433/atlas", id="user-and-port"),
        pytest.param(f"postgresql://ada:{SECRET}@db:5433/atlas", "postgresql://ada:***@db:5433/atlas", id="plain"),
        pytest.param(f"postgres://ada:{SECRET}@[::1]:5433/atlas", "postgres://ada:***@[::1]:5433/atlas", id="ipv6"),
        pytest.param("postgresql://[::1]:5433/atlas", "postgresql://[::1]:5433/atlas", id="ipv6-without-user"),
        pytest.param("postgresql://a:5432,b:5433/atlas", "postgresql://a:5432,b:5433/atlas", id="two-hosts"),
        pytest.param(
            f"postgresql://db/atlas?user=ada&password={SECRET}&sslmode=require",
            "postgresql://db/atlas?user=ada&password=***&sslmode=require",
            id="as-a-parameter",
        ),
        pytest.param(
            f"postgresql://db/atlas?sslpassword={SECRET}", "postgresql://db/atlas?sslpassword=***", id="of-the-key"
        ),
        pytest.param(f"postgresql://ada:x/{SECRET}@db/atlas", "postgresql://ada:***@db/atlas", id="slash-inside"),
        pytest.param(f"postgresql://ada:x@{SECRET}@db/atlas", "postgresql://ada:***@db/atlas", id="at-inside"),
        pytest.param(f"postgresql://ada:12/{SECRET}@db/atlas", "postgresql://ada:***@db/atlas", id="like-a-port"),
        pytest.param(f"postgresql://ada:{SECRET}", "postgresql://ada:***", id="host-forgotten"),
        pytest.param(f"host=db password={SECRET}", "***", id="no-url"),
        pytest.param(SECRET, "***", id="the-password-alone"),
    ],
)
def test_a_shown_url_has_no_password(url: str, shown: str) -> None:
    """Everything else stays readable."""
    assert masked(url) == shown


@given(password=st.text(min_size=1).map(lambda text: f"{SECRET}{text}{SECRET}"))
def test_no_password_is_shown_however_it_is_written(password: str) -> None:
    """Also one that should have been percent-encoded and was not."""
    url = f"postgresql://ada:{password}@db/atlas"
    assert SECRET not in masked(url)
    assert SECRET not in repr(PostgresSettings(url=url))


@given(password=st.text().map(lambda text: f"{SECRET}{text}{SECRET}"))
@example(f"12/{SECRET}")
@example(f"12?{SECRET}")
@example(f"12?{SECRET}=1")
@example(f"x@{SECRET}")
@example(f"x%zz{SECRET}")
def test_no_password_is_shown_when_a_connection_fails(password: str) -> None:
    """Neither by us nor by the driver, which quotes what it does not understand; nor as the cause of our error."""
    with pytest.raises((ConfigError, StorageError)) as failed:
        connect(f"postgresql://ada:{password}@127.0.0.1:1/atlas")
    assert SECRET not in "".join(traceback.format_exception_only(failed.value)) + str(failed.value.__cause__)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("mysql://db/atlas", id="another-server"),
        pytest.param("db.example.com", id="a-host"),
        pytest.param("", id="nothing"),
        pytest.param("host=db dbname=atlas", id="keywords"),
        pytest.param("postgresql://db:port/atlas", id="port-in-words"),
        pytest.param("postgresql://ada:x/y@db/atlas", id="slash-in-the-password"),
        pytest.param("postgresql://ada:x#y@db/atlas", id="hash-in-the-password"),
        pytest.param("postgresql://ada:x@y@db/atlas", id="at-in-the-password"),
        pytest.param("postgresql://ada:12/y@db/atlas", id="slash-behind-a-number"),
        pytest.param("postgresql://ada:12?y@db/atlas", id="question-mark-behind-a-number"),
        pytest.param("postgresql://db/a\0b", id="nul"),
        pytest.param("postgresql://[::1/atlas", id="half-an-address"),
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    """The message says what one looks like, and to encode special characters."""
    with pytest.raises(ConfigError, match=r"looks like postgresql://user:password@host:port/database.* %XX"):
        checked_url(url)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        pytest.param("postgresql://db", "postgresql://db/crm", id="none"),
        pytest.param("postgresql://ada:p%40ss@db:5433/x", "postgresql://ada:p%40ss@db:5433/crm", id="another"),
        pytest.param("postgresql:///x?host=/run/pg", "postgresql:///crm?host=/run/pg", id="socket"),
        pytest.param("postgresql://db/x?dbname=y&a=b", "postgresql://db/crm?a=b", id="as-a-parameter"),
        pytest.param(
            "postgresql:///x?host=/a+b&password=%FF", "postgresql:///crm?host=/a+b&password=%FF", id="as-written"
        ),
        pytest.param("postgresql://db/?options=-c%20x%3D1", "postgresql://db/crm?options=-c%20x%3D1", id="options"),
    ],
)
def test_the_database_of_a_url_can_be_exchanged(url: str, other: str) -> None:
    """Server, user and options stay as they are."""
    assert with_database(url, "crm") == other


def test_the_environment_says_which_server() -> None:
    """An empty variable is as good as none."""
    assert PostgresSettings.from_environment({}) == PostgresSettings()
    empty = {"ATLAS_POSTGRES_URL": "", "ATLAS_POSTGRES_DIR": ""}
    assert PostgresSettings.from_environment(empty) == PostgresSettings()
    named = PostgresSettings.from_environment({"ATLAS_POSTGRES_URL": "postgresql://db", "ATLAS_POSTGRES_DIR": "a/b"})
    assert repr(named) == "PostgresSettings(url='postgresql://db', directory='a/b')"
