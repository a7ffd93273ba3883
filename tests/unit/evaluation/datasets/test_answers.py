"""Golden answers, compared as far as a machine can."""

from __future__ import annotations

import pytest

from atlas.evaluation.datasets.answers import check_answer, details_of
from atlas.scenarios.importers.clbench import ExpectedResponse

TEXT = (
    "Updated Loom Refit. Key details: opportunity_id=2d8f6e70-712c-4d90-9f5e-817e3c4d5e6f, stage=Negotiation, "
    "amount=$100000.0, probability=50.0%, owner=null, created_at=2025-11-12T01:45:21.145766+00:00."
)


def test_details_are_what_holds_in_any_world() -> None:
    """Numbers as numbers; ids, times, empty values and references left out."""
    assert list(details_of(TEXT)) == [("stage", "Negotiation"), ("amount", 100000.0), ("probability", 50.0)]
    assert list(details_of("Added {{turn_2.name}}. Key details: name={{turn_2.name}}, value=$5.")) == [("value", 5.0)]
    assert list(details_of("No results returned from contact search.")) == []


@pytest.mark.parametrize(
    ("message", "share", "missing"),
    [
        pytest.param("It is in Negotiation at 100,000 with 50 %.", 1.0, (), id="all, in other words"),
        pytest.param("It is in negotiation now.", 1 / 3, ("amount", "probability"), id="one"),
        pytest.param("Done.", 0.0, ("stage", "amount", "probability"), id="none"),
        pytest.param(None, 0.0, ("stage", "amount", "probability"), id="silence"),
    ],
)
def test_the_share_of_details_that_were_told(message: str | None, share: float, missing: tuple[str, ...]) -> None:
    """In any order and spelling."""
    found = check_answer(ExpectedResponse(TEXT, "structured", (TEXT,), requires_judge=False), message)
    assert found.share == pytest.approx(share)
    assert (found.missing, found.cause) == (missing, None)


def test_the_answer_that_fits_best_counts() -> None:
    """Several may be as good."""
    expected = ExpectedResponse(TEXT, answers=("Status: stage=Closed-Won.", 5, TEXT))
    assert check_answer(expected, "Closed-Won!").share == 1.0


@pytest.mark.parametrize(
    ("expected", "cause"),
    [
        pytest.param(None, "no answer is expected", id="none"),
        pytest.param(ExpectedResponse(TEXT, requires_judge=True), "requires a judge", id="judge"),
        pytest.param(ExpectedResponse("Here you go!"), "the expected answer tells no details", id="prose"),
        pytest.param(ExpectedResponse(), "the expected answer tells no details", id="empty"),
    ],
)
def test_what_a_machine_cannot_tell_has_no_share(expected: ExpectedResponse | None, cause: str) -> None:
    """None with its cause, never 0."""
    assert check_answer(expected, "Anything") == check_answer(expected, None)
    assert (check_answer(expected, "Anything").share, check_answer(expected, "Anything").cause) == (None, cause)
