"""The one thing of a killed PostgreSQL server that no folder holds: a few bytes of the kernel's shared memory.

A server that ends by itself gives them back, and one that is started again on the data of a killed one takes them over.
When the data are removed instead, nobody would.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_LINE = 6  # of postmaster.pid, counted from 0: key and number of the memory
_REMOVE = 0  # IPC_RMID, on Linux and macOS
_KEY_BITS = 32


def release_memory(data: Path) -> None:
    """Give back the memory of the server that was killed while it served ``data``; nothing happens when there is none.

    Memory that processes still use goes when the last of them ends.
    """
    noted = _noted_memory(data)
    if noted is None:
        return
    key, number = noted
    system = ctypes.CDLL(None)
    # PostgreSQL derives the key from the folder; anything else in the file is not believed.
    if key == _key_of(data) and system.shmget(ctypes.c_int(_signed(key)), ctypes.c_size_t(0), 0) == number:
        system.shmctl(number, _REMOVE, None)


def _noted_memory(data: Path) -> tuple[int, int] | None:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return None
    words = lines[_LINE].split() if len(lines) > _LINE else []
    if len(words) == 2 and all(word.lstrip("-").isdecimal() for word in words):  # noqa: PLR2004 - key and number
        return int(words[0]) % 2**_KEY_BITS, int(words[1])
    return None


def _key_of(data: Path) -> int:
    return data.stat().st_ino % 2**_KEY_BITS


def _signed(key: int) -> int:
    return key - 2**_KEY_BITS if key >= 2 ** (_KEY_BITS - 1) else key
