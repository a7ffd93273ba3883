"""Unwritten rules that are not about one kind of record: words, files, duplicates, who may do and who may know what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal

from atlas.core.records import record
from atlas.crm.records import Entity


@record
class Term:
    """A house word for a value of a field.

    Attributes:
        nickname: The word.
        entity: Whose field it is.
        field: The field.
        value: What the word stands for.
        natural: Whether the word is English.
    """

    nickname: str
    entity: Entity
    field: str
    value: str
    natural: bool


@record
class Vocabulary:
    """The house words."""

    terms: tuple[Term, ...]
    kind: Literal["vocabulary"] = "vocabulary"
    enforced: ClassVar[bool] = False

    def of(self, entity: Entity, field: str) -> tuple[Term, ...]:
        """Return the words for values of a field."""
        return tuple(term for term in self.terms if term.entity is entity and term.field == field)

    def meanings(self) -> Mapping[str, str]:
        """Return what every word stands for."""
        return {term.nickname: term.value for term in self.terms}

    def paragraph(self) -> str:
        listed = "; ".join(f'"{term.nickname}" is {term.entity.value} {term.field} {term.value}' for term in self.terms)
        return f"House words: {listed}."


@record
class Superlative:
    """A name for a client's outstanding deal.

    Attributes:
        nickname: Such as ``"flagship deal"``.
        measure: Which of the client's open deals it is.
        natural: Whether the nickname is English.
    """

    nickname: str
    measure: Literal["largest", "smallest", "latest_close", "earliest_close"]
    natural: bool
    kind: Literal["superlative"] = "superlative"
    enforced: ClassVar[bool] = False

    @property
    def field(self) -> str:
        """The field of the opportunity that decides."""
        return "amount" if self.measure in {"largest", "smallest"} else "close_date"

    @property
    def highest(self) -> bool:
        """Whether the highest value decides (else the lowest)."""
        return self.measure in {"largest", "latest_close"}

    def paragraph(self) -> str:
        meaning = {
            "largest": "open deal with the largest amount",
            "smallest": "open deal with the smallest amount",
            "latest_close": "open deal with the latest close date",
            "earliest_close": "open deal with the earliest close date",
        }[self.measure]
        return f'A client\'s "{self.nickname}" is its {meaning}.'


@record
class DocumentNaming:
    """Uploaded files are renamed by a template.

    Attributes:
        template: Text with ``{file}`` (the name that the colleague gives) and ``{date}`` (ISO, the day of the upload).
    """

    template: str
    kind: Literal["document_naming"] = "document_naming"
    enforced: ClassVar[bool] = False

    def render(self, file_name: str, today: date) -> str:
        """Return the name under which a file is stored.

        Example:
            >>> DocumentNaming("{date}_{file}").render("nda.pdf", date(2026, 3, 2))
            '2026-03-02_nda.pdf'
        """
        return self.template.format(file=file_name, date=today.isoformat())

    def paragraph(self) -> str:
        return f"Files are stored as `{self.template}` (file: the name given; date: the day), unless told otherwise."


@record
class DuplicatePolicy:
    """Nobody is entered twice: look first, and decline where the record is there already."""

    kind: Literal["duplicate_policy"] = "duplicate_policy"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        return (
            "Before a client or a contact is entered, look whether it is there (same name; for contacts, at the same "
            "client). If so, decline as a duplicate and name it."
        )


@record
class DealOwnership:
    """Only the owner of a deal and managers change it."""

    kind: Literal["deal_ownership"] = "deal_ownership"
    enforced: ClassVar[bool] = True

    def paragraph(self) -> str:
        return (
            "Only the owner of an opportunity and managers change its record; everybody else is declined (permission). "
            "Anybody may leave notes, documents and quotes on it."
        )


@record
class Confidentiality:
    """Something that a role is not told.

    Attributes:
        entity: Whose field it is.
        field: The field that is confidential.
        role: The role that is not told.
    """

    entity: Entity
    field: Literal["amount", "phone", "email"]
    role: str
    kind: Literal["confidentiality"] = "confidentiality"
    enforced: ClassVar[bool] = False

    def paragraph(self) -> str:
        records = "opportunities, nor a total of several" if self.entity is Entity.OPPORTUNITY else "contacts"
        return (
            f"Colleagues whose role is {self.role} are not told the {self.field} of {records}: "
            "decline as confidential and name the field."
        )
