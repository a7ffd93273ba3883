"""An imported file as a folder."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from atlas.crm.memory import FrozenBase
from atlas.crm.records import Entity
from atlas.evaluation.datasets.import_folder import CompanyLine, base_of, write_import
from atlas.evaluation.datasets.revision import Revision
from atlas.scenarios.importers.clbench import parse_dataset
from atlas.scenarios.importers.seeding import import_company
from atlas.settings.parsing import load_json_lines
from conversation_files import available_files

FILES = available_files()
TODAY = date(2025, 11, 12)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_lost_on_the_way(name: str, tmp_path: Path) -> None:
    """The conversations byte for byte, their companies with equal hashes, and counts that add up."""
    dataset = parse_dataset(FILES[name], "file.jsonl")
    manifest = write_import(dataset, tmp_path, revision=Revision("here", dataset.content_hash), today=TODAY)
    assert (tmp_path / "conversations.jsonl").read_bytes() == FILES[name]
    companies = list(load_json_lines(CompanyLine, tmp_path / "companies.jsonl"))
    assert [each.conversation_id for each in companies] == [each.conversation_id for each in dataset.conversations]
    for line, conversation in zip(companies, dataset.conversations, strict=True):
        assert FrozenBase.build(line.rows).content_hash() == line.content_hash
        assert base_of(import_company(conversation, TODAY)).content_hash() == line.content_hash
        assert line.directory.today == TODAY
    assert manifest.rows[Entity.CLIENT] == sum(len(each.rows[Entity.CLIENT]) for each in companies)
    report = json.loads((tmp_path / "report.json").read_text())
    assert manifest.seed_problems == len(report["seed_problems"])
    assert manifest.data_defects == {kind: found["count"] for kind, found in report["data_defects"].items()}
    written = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    del written["manifest.json"]
    assert manifest.files == written
