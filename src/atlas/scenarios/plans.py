"""Writing down solutions: the calls that a careful colleague makes, with references to the results of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.core.records import record
from atlas.crm.records import Outcome, ReasonCode
from atlas.verify.goals import PlannedCall, Solution

RESPOND_TOOL = "respond"


@record
class Ref:
    """The result of a planned call."""

    number: int

    def at(self, path: str) -> str:
        """Return the text that stands for one value of the result.

        Example:
            >>> Ref(2).at("results.0.client_id")
            '{{call_2.results.0.client_id}}'
        """
        return f"{{{{call_{self.number}.{path}}}}}"


class Plan:
    """Gathers the calls of one solution, turn by turn.

    Example:
        >>> plan = Plan()
        >>> found = plan.call("client_search", name="Halden Foods")
        >>> plan.respond("It is an active client.", status="Active")
        >>> [call.tool for turn in plan.solution().turns for call in turn]
        ['client_search', 'respond']
    """

    def __init__(self) -> None:
        self._turns: list[tuple[PlannedCall, ...]] = []
        self._open: list[PlannedCall] = []
        self._count = 0

    def call(self, tool: str, /, **arguments: object) -> Ref:
        """Add a call and return what stands for its result; arguments that are None are left out."""
        given = {name: value for name, value in arguments.items() if value is not None}
        self._open.append(PlannedCall(tool, given))
        self._count += 1
        return Ref(self._count - 1)

    def respond(self, message: str, /, **facts: object) -> None:
        """End the turn with the work done."""
        self._end({"message": message, "outcome": Outcome.DONE.value, "facts": facts})

    def decline(self, message: str, reason: ReasonCode, outcome: Outcome = Outcome.REFUSED) -> None:
        """End the turn without having done what was asked: refused, reported, or with a question."""
        self._end({"message": message, "outcome": outcome.value, "reason_code": reason.value})

    def ask(self, message: str, reason: ReasonCode = ReasonCode.MISSING_INFORMATION) -> None:
        """End the turn with a question."""
        self.decline(message, reason, Outcome.ASKED)

    def solution(self) -> Solution:
        """Return what was gathered.

        Raises:
            ValueError: the last turn has no ``respond``.
        """
        if self._open:
            raise ValueError(f"a planned turn has no response after {self._open[-1].tool}; call respond or decline")
        return Solution(tuple(self._turns))

    def _end(self, arguments: Mapping[str, object]) -> None:
        self._open.append(PlannedCall(RESPOND_TOOL, arguments))
        self._count += 1
        self._turns.append(tuple(self._open))
        self._open = []
