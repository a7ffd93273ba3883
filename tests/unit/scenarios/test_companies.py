"""Promises of the company generator."""

from __future__ import annotations

import pytest

from atlas.core.canonical import canonical_json, content_hash
from atlas.core.errors import CorpusError
from atlas.crm.records import Entity
from atlas.crm.schema import SCHEMA
from atlas.scenarios.companies import ELSEWHERE, POOLS, CompanyFile, build_company, generate_company
from atlas.settings.parsing import parse_json, parse_record
from atlas.verify.goals import Split


def test_a_seed_gives_one_company_and_another_seed_another() -> None:
    """Equal seeds give equal files, different ones different names, days and rules."""
    assert generate_company(7).file == generate_company(7).file
    assert content_hash(generate_company(7).file) != content_hash(generate_company(8).file)


@pytest.mark.parametrize("seed", range(12))
def test_a_company_has_the_promised_shape(seed: int) -> None:
    """400 to 900 records of every kind, all stages, a working day, a manager to approve, a few large accounts."""
    company = generate_company(seed)
    rows = company.file.rows
    assert 400 <= sum(map(len, rows.values())) <= 900
    assert all(rows[entity] for entity in Entity)
    assert {row["stage"] for row in rows[Entity.OPPORTUNITY]} == set(SCHEMA[Entity.OPPORTUNITY].field("stage").allowed)
    assert company.directory.today.weekday() < 5
    assert any(member.access == "manager" for member in company.directory.staff)
    deals = [row["client_id"] for row in rows[Entity.OPPORTUNITY]]
    assert max(map(deals.count, deals)) >= 4
    assert min(map(deals.count, deals)) == 1


@pytest.mark.parametrize("seed", range(6))
def test_rows_are_whole_and_refer_to_each_other(seed: int) -> None:
    """Every row has every field of the schema, allowed values only, and references that lead somewhere."""
    rows = generate_company(seed).file.rows
    ids = {entity: {row[SCHEMA[entity].id_field] for row in entries} for entity, entries in rows.items()}
    for entity, entries in rows.items():
        for row in entries:
            assert list(row) == [field.name for field in SCHEMA[entity].fields]
            for field in SCHEMA[entity].fields:
                assert not field.allowed or row[field.name] in field.allowed
                assert not (field.references and row[field.name]) or row[field.name] in ids[field.references]


@pytest.mark.parametrize("seed", range(6))
def test_pools_share_no_client_product_or_person(seed: int) -> None:
    """What belongs to one split is named by no record of another."""
    company = generate_company(seed)
    pool_of = {client: pool for pool in POOLS for client in company.file.pools[pool]}
    assert len(pool_of) == len(company.file.rows[Entity.CLIENT])
    for field in ("first_name", "last_name"):
        homes: dict[str, set[str]] = {}
        for row in company.file.rows[Entity.CONTACT]:
            homes.setdefault(str(row[field]), set()).add(pool_of[str(row["client_id"])].value)
        assert all(len(pools) == 1 for pools in homes.values())
    names = [str(row["name"]) for row in company.file.rows[Entity.OPPORTUNITY]]
    assert len(set(names)) == len(names)


def test_a_company_survives_its_file() -> None:
    """Written as JSON and parsed back, a company has the same rows, rules and hash."""
    company = generate_company(3)
    text = canonical_json(company.file)
    again = build_company(parse_record(CompanyFile, parse_json(text, "company.json"), "company.json"))
    assert canonical_json(again.file) == text
    assert again.rules == company.rules
    assert again.base.content_hash() == company.base.content_hash()


@pytest.mark.parametrize("size", [0, 199, 100_000])
def test_a_size_that_cannot_be_is_rejected(size: int) -> None:
    """The message names the size and what is allowed."""
    with pytest.raises(CorpusError, match=f"200 to 5000 records, not {size}"):
        generate_company(1, size=size)


def test_a_larger_company_can_be_generated() -> None:
    """The word lists suffice for the largest size."""
    rows = generate_company(1, size=5000).file.rows
    assert sum(map(len, rows.values())) > 4500


def test_a_company_elsewhere_has_one_pool() -> None:
    """Where nobody learns, all clients are there for the tests."""
    company = generate_company(4, size=300, pools=ELSEWHERE)
    assert list(company.file.pools) == [Split.TEST_NEW_COMPANY]
    assert len(company.file.pools[Split.TEST_NEW_COMPANY]) == len(company.file.rows[Entity.CLIENT])
