"""Lines of stdin for an event loop, read so that a process can end while nobody writes any."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncGenerator
from typing import Final

_AHEAD: Final = 64  # lines that are read before anybody asks for them


async def stdin_lines() -> AsyncGenerator[str]:
    """Yield the lines of stdin until it is closed; needs a running asyncio loop.

    A thread that waits for input cannot be interrupted. So the reader is a thread that the process does not wait for,
    on a file object of its own: at its end the interpreter closes ``sys.stdin``, which fails while somebody reads it.
    """
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    source = io.TextIOWrapper(os.fdopen(os.dup(0), "rb"), encoding="utf-8", errors="replace")

    def read() -> None:
        with source:
            at_end = False
            while not at_end:
                line = source.readline()
                at_end = not line
                room.acquire()
                try:
                    loop.call_soon_threadsafe(lines.put_nowait, line)
                except RuntimeError:  # the loop is closed: nobody listens any more
                    return

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while line := await lines.get():  # an empty one stands for the end
        room.release()
        yield line
