"""What pip is told about indexes, proxies and certificates reaches uv."""

from __future__ import annotations

from pathlib import Path

import pytest

from package_sources import pip_settings, read_pip_settings, uv_environment

ALWAYS = {"UV_PYTHON_DOWNLOADS": "never"}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        pytest.param("", {}, id="nothing-set"),
        pytest.param("global.cert='/ca.pem'", {"cert": "/ca.pem"}, id="a-file"),
        pytest.param("global.index-url='https://host/a=b'", {"index-url": "https://host/a=b"}, id="equals-in-value"),
        pytest.param(":env:.proxy='e'\nglobal.proxy='g'", {"proxy": "e"}, id="environment-over-file"),
        pytest.param("install.proxy='i'\nglobal.proxy='g'", {"proxy": "i"}, id="command-over-global"),
        pytest.param("download.proxy='d'\nfreeze.timeout='10'", {}, id="other-commands"),
        pytest.param("global.extra-index-url='\\na\\nb'", {"extra-index-url": "\na\nb"}, id="many-lines"),
    ],
)
def test_the_settings_of_pip_install_are_taken(listed: str, expected: dict[str, str]) -> None:
    """Of what ``pip config list`` prints, what ``pip install`` would use wins in pip's own order."""
    assert pip_settings(listed) == expected


@pytest.mark.parametrize(
    ("pip", "environ", "expected"),
    [
        pytest.param({"index-url": "https://m/s"}, {}, {"UV_DEFAULT_INDEX": "https://m/s"}, id="index"),
        pytest.param(
            {"extra-index-url": "https://a/s\nhttps://b/s"},
            {},
            {"UV_INDEX": "https://a/s https://b/s", "UV_INDEX_STRATEGY": "unsafe-best-match"},
            id="extra-indexes",
        ),
        pytest.param({"extra-index-url": "file:///no/such/folder"}, {}, {}, id="extra-index-that-is-not-there"),
        pytest.param({"find-links": "/no/such/folder"}, {}, {}, id="links-that-are-not-there"),
        pytest.param({"cert": "/ca.pem"}, {"SSL_CERT_FILE": "/old"}, {"SSL_CERT_FILE": "/ca.pem"}, id="certificate"),
        pytest.param(
            {"proxy": "http://p:1"},
            {},
            {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"},
            id="proxy",
        ),
        pytest.param({"trusted-host": "a\n b:8"}, {}, {"UV_INSECURE_HOST": "a b:8"}, id="trusted-hosts"),
        pytest.param({"no-index": "true"}, {}, {"UV_NO_INDEX": "1"}, id="no-index"),
        pytest.param({"no-index": "0"}, {}, {}, id="no-index-off"),
        pytest.param({"index-url": "https://m/s"}, {"UV_DEFAULT_INDEX": "https://u/s"}, {}, id="uv-knows-better"),
        pytest.param({"index-url": "https://m/s"}, {"UV_INDEX_URL": "https://u/s"}, {}, id="uv-knows-better-old-name"),
    ],
)
def test_uv_is_told_what_pip_is_told(pip: dict[str, str], environ: dict[str, str], expected: dict[str, str]) -> None:
    """Each setting has its variable; what uv was told itself wins; folders that do not exist are left out."""
    assert uv_environment(pip, environ) == ALWAYS | expected


def test_folders_that_exist_are_handed_on(tmp_path: Path) -> None:
    """Local indexes and link folders reach uv, as paths and as file addresses."""
    told = uv_environment({"extra-index-url": tmp_path.as_uri(), "find-links": f"{tmp_path} /no/such/folder"}, {})
    assert told["UV_INDEX"] == tmp_path.as_uri()
    assert told["UV_FIND_LINKS"] == str(tmp_path)


def test_without_a_pip_the_environment_speaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that has no pip still follows the variables ``PIP_*``."""
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    silent.chmod(0o755)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror/simple")
    assert read_pip_settings(str(silent))["index-url"] == "https://mirror/simple"
