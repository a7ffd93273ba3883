"""Streamable HTTP: which hosts requests may name. Sessions are tested on the real server."""

from __future__ import annotations

import pytest

from atlas.environments.listening import ANY_HOST, LOCAL_HOSTS
from atlas.environments.mcp_transports import security_of


@pytest.mark.parametrize("host", LOCAL_HOSTS)
def test_a_local_host_is_guarded_by_the_sdk(host: str) -> None:
    """It knows the names of this machine, and turns the check on by itself where nothing else is said."""
    assert security_of(host) is None


@pytest.mark.parametrize(
    ("host", "named"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "[2001:db8::7]")], ids=["v4", "v6"]
)
def test_another_host_has_to_be_named(host: str, named: str) -> None:
    """With its port or without; a web page under another name is refused."""
    security = security_of(host)
    assert security is not None
    assert security.enable_dns_rebinding_protection
    assert security.allowed_hosts == [named, f"{named}:*"]
    assert security.allowed_origins == [f"http://{named}", f"http://{named}:*"]


@pytest.mark.parametrize("host", ANY_HOST)
def test_a_server_that_listens_everywhere_cannot_know_its_names(host: str) -> None:
    """So it checks none; the command says so."""
    security = security_of(host)
    assert security is not None
    assert not security.enable_dns_rebinding_protection
