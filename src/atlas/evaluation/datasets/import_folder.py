"""An imported file of conversations as a folder: the conversations as they were, and the companies they start from.

``conversations.jsonl`` holds the lines as they stood, ``companies.jsonl`` per conversation the day, the colleagues and
the stored rows, ``report.json`` what could not be taken over and what is wrong with the data, ``manifest.json`` counts
and hashes; it is written last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from atlas.core.canonical import canonical_json
from atlas.core.records import record
from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity, Row, StaffDirectory
from atlas.evaluation.datasets.defects import DefectKind, DefectList, find_defects
from atlas.evaluation.datasets.revision import Revision
from atlas.scenarios.importers.clbench import Dataset, dataset_lines
from atlas.scenarios.importers.seeding import ImportedCompany, SeedProblem, import_company
from atlas.telemetry.files import write_atomically


@record
class CompanyLine:
    """The company that a conversation starts from: one line of ``companies.jsonl``.

    Attributes:
        conversation_id: The conversation.
        content_hash: Hash of the rows, as ``atlas crm hash`` shows it.
        directory: Day and colleagues.
        rows: The stored rows, by kind.
    """

    conversation_id: str
    content_hash: str
    directory: StaffDirectory
    rows: Mapping[Entity, tuple[Row, ...]]


@record
class ImportReport:
    """What is to be said about an imported file."""

    seed_problems: tuple[SeedProblem, ...]
    data_defects: Mapping[DefectKind, DefectList]


@record
class ImportManifest:
    """What an import folder holds.

    Attributes:
        format: The format that was imported.
        dataset: Name of the file.
        dataset_revision: Which version of it.
        dataset_hash: SHA-256 of its bytes.
        today: The day of the worlds.
        conversations: How many there are.
        turns: How many turns they have.
        rows: Seed rows, by kind.
        seed_problems: How many there are.
        data_defects: How many there are, by kind.
        files: SHA-256 of each file.
    """

    format: str
    dataset: str
    dataset_revision: str
    dataset_hash: str
    today: date
    conversations: int
    turns: int
    rows: Mapping[Entity, int]
    seed_problems: int
    data_defects: Mapping[DefectKind, int]
    files: Mapping[str, str]


def write_import(dataset: Dataset, folder: Path, *, revision: Revision, today: date) -> ImportManifest:
    """Write ``dataset`` and its companies into ``folder`` and return the manifest.

    Args:
        dataset: The conversations.
        folder: Where to; files of these names are replaced.
        revision: Which version of the file they come from.
        today: The day of the worlds.

    Raises:
        OSError: the folder cannot be written to.
    """
    companies = [import_company(conversation, today) for conversation in dataset.conversations]
    lines = [
        _company_line(conversation.conversation_id, company)
        for conversation, company in zip(dataset.conversations, companies, strict=True)
    ]
    problems = tuple(problem for company in companies for problem in company.problems)
    defects = find_defects(dataset.conversations)
    texts = {
        "conversations.jsonl": "".join(f"{line}\n" for line in dataset_lines(dataset)),
        "companies.jsonl": "".join(f"{canonical_json(line)}\n" for line in lines),
        "report.json": canonical_json(ImportReport(problems, defects)) + "\n",
    }
    manifest = ImportManifest(
        format="clbench",
        dataset=dataset.name,
        dataset_revision=revision.label,
        dataset_hash=dataset.content_hash,
        today=today,
        conversations=len(dataset.conversations),
        turns=dataset.turns,
        rows={entity: sum(len(line.rows[entity]) for line in lines) for entity in Entity},
        seed_problems=len(problems),
        data_defects={kind: found.count for kind, found in defects.items()},
        files={name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()},
    )
    (folder / "manifest.json").unlink(missing_ok=True)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    write_atomically(folder / "manifest.json", canonical_json(manifest) + "\n")
    return manifest


def base_of(company: ImportedCompany) -> FrozenBase:
    """Return the rows of an imported company, ready to be forked.

    Example:
        >>> base_of(ImportedCompany((), StaffDirectory(date(2025, 11, 12), ()), ())).rows(Entity.CLIENT)
        ()
    """
    rows: dict[Entity, list[Row]] = {entity: [] for entity in Entity}
    for entity, row in company.rows:
        rows[entity].append(row)
    return FrozenBase.build(rows)


def _company_line(conversation_id: str, company: ImportedCompany) -> CompanyLine:
    base = base_of(company)
    rows = {entity: tuple(base.rows(entity)) for entity in Entity}
    return CompanyLine(conversation_id, base.content_hash(), company.directory, rows)
