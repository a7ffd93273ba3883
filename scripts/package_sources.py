"""Hands what pip is told about indexes, proxies and certificates on to uv.

Standard library only, because it runs before anything is installed.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

_VALUE_SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES",
    "keyring-provider": "UV_KEYRING_PROVIDER",
}
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_FALSE_TEXTS = {"", "0", "n", "no", "f", "false", "off"}


def read_pip_settings(interpreter: str) -> dict[str, str]:
    """Ask pip of ``interpreter`` for its settings; without a pip, only this process's ``PIP_*`` variables speak."""
    listed = subprocess.run([interpreter, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return pip_settings(listed.stdout)
    lines = [
        f":env:.{key[4:].lower().replace('_', '-')}={value!r}" for key, value in os.environ.items() if key[:4] == "PIP_"
    ]
    return pip_settings("\n".join(lines))


def pip_settings(listed: str) -> dict[str, str]:
    r"""Return the settings that ``pip install`` would use, from the output of ``pip config list``.

    Example:
        >>> pip_settings("global.index-url='a'\n:env:.index-url='b'\ninstall.cert='c'\n")
        {'index-url': 'b', 'cert': 'c'}
    """
    layers: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}  # the later one wins, as in pip
    for line in listed.splitlines():
        name, equals, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if equals and section in layers:
            layers[section][key] = str(ast.literal_eval(value))
    return {key: value for layer in layers.values() for key, value in layer.items()}


def uv_environment(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make uv use the indexes, proxies and certificates that pip is told to use.

    A variable that is already set for uv stays as it is. Local folders that do not exist are left out: pip passes over
    them, uv would stop.

    Args:
        pip: Settings as from :func:`pip_settings`.
        environ: The environment of this process.

    Example:
        >>> uv_environment({"cert": "/ca.pem", "no-index": "false"}, {})
        {'UV_PYTHON_DOWNLOADS': 'never', 'SSL_CERT_FILE': '/ca.pem'}
    """
    wanted = {"UV_PYTHON_DOWNLOADS": "never"}
    for key, variable in _VALUE_SETTINGS.items():
        if pip.get(key):
            wanted[variable] = pip[key]
    extra = [place for place in pip.get("extra-index-url", "").split() if _is_reachable(place)]
    if extra:
        wanted["UV_INDEX"] = " ".join(extra)
        # pip looks at all indexes alike; every file is checked by its hash, so the order is no matter of trust.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    links = [place for place in pip.get("find-links", "").split() if _is_reachable(place)]
    if links:
        wanted["UV_FIND_LINKS"] = ",".join(links)
    if pip.get("no-index", "").lower() not in _FALSE_TEXTS:
        wanted["UV_NO_INDEX"] = "1"
    if pip.get("trusted-host"):
        wanted["UV_INSECURE_HOST"] = " ".join(pip["trusted-host"].split())
    if pip.get("proxy"):
        wanted.update(dict.fromkeys(_PROXY_VARIABLES, pip["proxy"]))
    if "UV_INDEX_URL" in environ:
        wanted.pop("UV_DEFAULT_INDEX", None)
    if "UV_EXTRA_INDEX_URL" in environ:
        wanted.pop("UV_INDEX", None)
    return {name: value for name, value in wanted.items() if not (name.startswith("UV_") and environ.get(name))}


def _is_reachable(place: str) -> bool:
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).exists()
    return bool(parts.scheme) or Path(place).exists()
