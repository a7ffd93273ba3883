"""Rules about the name of a file: one plain name, with an extension that the CRM takes.

A name is unsafe where some system would read more into it: a folder, a device, a hidden file, a program behind a
harmless ending, a direction of writing that shows the ending elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from atlas.crm.records import ErrorCode, ToolError
from atlas.crm.rules.texts import has_unseen
from atlas.crm.schema import FILE_EXTENSIONS
from atlas.crm.wording import escaped, kept, quoted

_EXAMPLE = "proposal.pdf"
_PARTS = re.compile(r'[/\\<>:"|?*\u2215\u2216\u2044\u29f8\u29f9]|\.\.|%(?:2[ef]|5c|00)', re.IGNORECASE)
"""What separates or climbs folders, some of it only where it is decoded or looks like it."""
_DEVICES: Final = frozenset(
    (
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
    )
)
_PROGRAMS: Final = frozenset(
    ("bat", "cmd", "dll", "exe", "hta", "jar", "js", "lnk", "msi", "php", "ps1", "scr", "sh", "vbs", "wsf")
)


def unsafe_file_name(name: str, text: str) -> ToolError | None:
    """Return what is wrong with a text as the name of a file, None where nothing is.

    Args:
        name: Name of the argument.
        text: A text of one line.

    Example:
        >>> unsafe_file_name("file_name", "offer.pdf"), unsafe_file_name("file_name", "../offer.pdf").code.value
        (None, 'unsafe_file_name')
        >>> unsafe_file_name("file_name", "offer.exe").code.value
        'unsupported_file_type'
    """
    danger = _danger(text)
    if danger:
        shown = escaped(text) if has_unseen(text) else quoted(text)
        message = f"`{name}` is not a safe file name: {shown}; give a plain name such as {_EXAMPLE}"
        return ToolError(ErrorCode.UNSAFE_FILE_NAME, message, name, kept(text), hint=danger)
    stem, dot, extension = text.rpartition(".")
    if dot and stem and extension.lower() in FILE_EXTENSIONS:
        return None
    what = f"has the unsupported type {quoted(extension)}" if dot else "has no extension"
    message = f"`{name}` {quoted(text)} {what}; allowed: {', '.join(FILE_EXTENSIONS)}"
    hint = (
        None
        if extension.isascii() or not dot
        else "letters of other alphabets look like these; type the extension anew"
    )
    return ToolError(ErrorCode.UNSUPPORTED_FILE_TYPE, message, name, kept(text), FILE_EXTENSIONS, hint)


def _danger(text: str) -> str | None:
    """Why ``text`` is not safe, None where it is."""
    *inner, _ = text.split(".")
    if has_unseen(text):
        return "it contains characters that nobody sees"
    if _PARTS.search(text) or (not text.isascii() and _PARTS.search(_plain_letters(text))):
        return "it must not lead to a folder: leave out slashes, colons, wildcards and double dots"
    if text.startswith(".") or text.endswith(".") or text != text.strip():
        return "it must not begin or end with a dot or a space"
    if inner and inner[0].strip().casefold() in _DEVICES:
        return f"{quoted(inner[0])} is the name of a device"
    program = next((part for part in inner[1:] if part.strip().casefold() in _PROGRAMS), None)
    return None if program is None else f"it has the extension of a program in it: .{program.strip()}"


def _plain_letters(text: str) -> str:
    """``text`` with wide and other forms of a character in its usual one; an ellipsis is no two dots."""
    return unicodedata.normalize("NFKC", text.replace("\u2026", ""))
