"""Promises of the failure taxonomy: every group populated, every category used, every promise of it checkable."""

from __future__ import annotations

import pytest

from atlas.core.errors import UnknownNameError
from atlas.scenarios.failures import FAILURES, Expected, FailureGroup, get_failure
from atlas.scenarios.families import FAMILIES


def test_every_group_has_categories_and_ids_are_unique() -> None:
    """Nothing is named twice, no group is empty."""
    assert {template.group for template in FAILURES} == set(FailureGroup)
    assert len({template.id for template in FAILURES}) == len(FAILURES)


def test_every_category_is_that_of_a_blueprint() -> None:
    """The taxonomy promises nothing that the exam does not hold."""
    used = {blueprint.failure for family in FAMILIES for blueprint in family.blueprints if blueprint.failure}
    assert sorted({template.id for template in FAILURES} - used) == []
    assert sorted(used - {template.id for template in FAILURES}) == []


def test_a_blueprint_is_a_failure_where_it_has_a_category() -> None:
    """Success and failure cannot be mixed up."""
    for family in FAMILIES:
        for blueprint in family.blueprints:
            assert (blueprint.failure is not None) is (blueprint.category == "failure"), (family.name, blueprint.name)


def test_who_is_to_refuse_has_to_give_a_reason() -> None:
    """A refusal or a report carries a reason code; going on does not."""
    for template in FAILURES:
        if template.expected in {Expected.REFUSE, Expected.REPORT}:
            assert template.verifier is not None
        if template.expected is Expected.PROCEED:
            assert template.verifier is None


def test_an_unknown_category_is_named() -> None:
    """With what there is."""
    with pytest.raises(UnknownNameError, match="no_such"):
        get_failure("no_such")
