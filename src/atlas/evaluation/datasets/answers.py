"""What an agent told, compared with the golden answer as far as a machine can: reported apart from the verdict on rows.

A golden answer of the kind ``structured`` ends in details, ``stage=Negotiation, amount=$100000.0``. What can be checked
is whether the message holds these values, in any order and wording. Ids and times are left out: they belong to the
world in which the answer was written. Where nothing is left, or a judge is required, the share is None, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from atlas.core.records import record
from atlas.scenarios.importers.clbench import ExpectedResponse
from atlas.verify.matchers import stands_in

_DETAIL = re.compile(r"\b([a-z][a-z0-9_]*)=(.*?)(?=, [a-z][a-z0-9_]*=|\.?\s*$)", flags=re.DOTALL)
_NUMBER = re.compile(r"\$?(-?\d+(?:\.\d+)?)%?")
_ID_OR_TIME = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\d{4}-\d{2}-\d{2}T.*")
_EMPTY = frozenset({"", "null", "None", "$None", "None%"})


@record
class AnswerCheck:
    """How much of a golden answer a message holds.

    Attributes:
        share: 0 to 1; None where a machine cannot tell.
        missing: Names of the details that the message lacks.
        cause: Why a machine cannot tell; None where it can.
    """

    share: float | None
    missing: tuple[str, ...] = ()
    cause: str | None = None


def check_answer(expected: ExpectedResponse | None, message: str | None) -> AnswerCheck:
    """Return how much of a golden answer ``message`` holds; of several answers, the one that fits best counts.

    Args:
        expected: The golden answer.
        message: What the agent told the user, None where it said nothing.

    Example:
        >>> golden = ExpectedResponse("Done. Key details: stage=Proposal, amount=$500.0.", "structured")
        >>> check_answer(golden, "The deal over 500 is in Negotiation now.")
        AnswerCheck(share=0.5, missing=('stage',), cause=None)
        >>> check_answer(ExpectedResponse("Nice to meet you.", requires_judge=True), "Hello.").share is None
        True
    """
    if expected is None:
        return AnswerCheck(None, cause="no answer is expected")
    if expected.requires_judge:
        return AnswerCheck(None, cause="requires a judge")
    texts = [text for text in (expected.text, *(expected.answers or ())) if isinstance(text, str)]
    told = [details for text in texts if (details := tuple(details_of(text)))]
    if not told:
        return AnswerCheck(None, cause="the expected answer tells no details")
    return max((_check(details, message or "") for details in told), key=lambda check: check.share or 0.0)


def details_of(text: str) -> Iterator[tuple[str, str | float]]:
    """Yield the details of a golden answer that hold in any world, with numbers as numbers.

    Example:
        >>> list(details_of("Added. Key details: name=Big, Bad Co, amount=$75000.0, created_at=2025-11-12T01:45:21Z."))
        [('name', 'Big, Bad Co'), ('amount', 75000.0)]
    """
    for name, value in _DETAIL.findall(text):
        number = _NUMBER.fullmatch(value)
        if number is not None:
            yield name, float(number[1])
        elif value not in _EMPTY and "{{" not in value and not _ID_OR_TIME.fullmatch(value):
            yield name, value


def _check(details: Sequence[tuple[str, str | float]], message: str) -> AnswerCheck:
    missing = tuple(name for name, value in details if not stands_in(value, message))
    return AnswerCheck(1 - len(missing) / len(details), missing)
