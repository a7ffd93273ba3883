"""The name of a file is one plain name, whatever tries to look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.crm.fields import FieldKind
from atlas.crm.records import Entity, ErrorCode, ToolError
from atlas.crm.rules.values import value_check
from atlas.crm.schema import FILE_EXTENSIONS, SCHEMA

CHECK = value_check(SCHEMA[Entity.DOCUMENT].field("file_name"))
FOLDERS = "it must not lead to a folder: leave out slashes, colons, wildcards and double dots"
EDGES = "it must not begin or end with a dot or a space"


@pytest.mark.parametrize(
    "name",
    [
        *(f"offer.{extension}" for extension in FILE_EXTENSIONS),
        "Offer v1.2 (final) - signed.PDF",
        "node.csv.pdf",
        "halden.com.pdf",
        "Angebot_Zürich.pdf",
        "見積書.xlsx",
        "Wait… what.txt",
        "100%.pdf",
        "-draft-.docx",
        "console.pdf",
        "shell script.pdf",
        "a.pdf",
    ],
)
def test_plain_names_are_taken(name: str) -> None:
    """Dots, spaces, other alphabets and any case of a known extension are fine."""
    assert CHECK(name, "") == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../offer.pdf", FOLDERS),
        ("..\\offer.pdf", FOLDERS),
        ("/etc/offer.pdf", FOLDERS),
        ("C:offer.pdf", FOLDERS),
        ("a..pdf", FOLDERS),
        ("offer*.pdf", FOLDERS),
        ("offer?.pdf", FOLDERS),
        ("<offer>.pdf", FOLDERS),
        ("a|b.pdf", FOLDERS),
        ('"offer".pdf', FOLDERS),
        ("%2e%2e%2foffer.pdf", FOLDERS),
        ("a%5Cb.pdf", FOLDERS),
        ("a%00.pdf", FOLDERS),
        ("a\uff0fb.pdf", FOLDERS),
        ("a\u2215b.pdf", FOLDERS),
        ("\uff0e\uff0e.pdf", FOLDERS),
        (".offer.pdf", EDGES),
        ("offer.pdf.", EDGES),
        (" offer.pdf", EDGES),
        ("offer.pdf\u00a0", EDGES),
        ("CON.pdf", "'CON' is the name of a device"),
        ("nul.tar.pdf", "'nul' is the name of a device"),
        ("com1.txt", "'com1' is the name of a device"),
        ("LPT9 .txt", "'LPT9 ' is the name of a device"),
        ("invoice.exe.pdf", "it has the extension of a program in it: .exe"),
        ("invoice.PHP.pdf", "it has the extension of a program in it: .PHP"),
        ("offer\u202efdp.txt", "it contains characters that nobody sees"),
        ("offer\u200b.pdf", "it contains characters that nobody sees"),
        ("\ufeffoffer.pdf", "it contains characters that nobody sees"),
    ],
    ids=ascii,
)
def test_names_that_say_more_than_a_name_are_unsafe(name: str, why: str) -> None:
    """A folder, a device, a hidden file, a program, a turned direction: each is named."""
    error = CHECK(name, "")
    assert isinstance(error, ToolError)
    assert (error.code, error.hint) == (ErrorCode.UNSAFE_FILE_NAME, why)
    assert error.message.isprintable()
    assert "give a plain name such as proposal.pdf" in error.message


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("invoice.pdf.exe", "has the unsupported type 'exe'"),
        ("archive.zip", "has the unsupported type 'zip'"),
        ("offer", "has no extension"),
        ("offer.\u0440df", "has the unsupported type '\u0440df'"),
        ("offer.\uff50\uff44\uff46", "has the unsupported type '\uff50\uff44\uff46'"),
    ],
    ids=ascii,
)
def test_other_kinds_of_files_are_not_taken(name: str, what: str) -> None:
    """The last extension counts, and only in ASCII letters."""
    error = CHECK(name, "")
    assert isinstance(error, ToolError)
    assert error.code is ErrorCode.UNSUPPORTED_FILE_TYPE
    assert what in error.message
    assert error.allowed == FILE_EXTENSIONS
    looks_alike = "letters of other alphabets look like these; type the extension anew"
    assert error.hint == (None if name.isascii() else looks_alike)


@pytest.mark.parametrize("name", ["a\x00.pdf", "a\nb.pdf", "a\tb.pdf", "a\x1bb.pdf", "\ud800.pdf"], ids=ascii)
def test_control_characters_are_in_no_name(name: str) -> None:
    """They are rejected as in every text of one line."""
    error = CHECK(name, "")
    assert isinstance(error, ToolError)
    assert error.code is ErrorCode.INVALID_FORMAT


@given(st.text(max_size=30), st.sampled_from(FILE_EXTENSIONS))
def test_what_is_taken_is_one_name_with_a_known_extension(stem: str, extension: str) -> None:
    """No accepted name has a part that leads elsewhere."""
    assert SCHEMA[Entity.DOCUMENT].field("file_name").kind is FieldKind.FILE_NAME
    name = CHECK(f"{stem}.{extension}", "")
    if isinstance(name, str):
        assert not set(name) & set('/\\:*?"<>|\x00\n')
        assert ".." not in name
        assert name == name.strip(" .")
        assert name.rpartition(".")[2] in FILE_EXTENSIONS
