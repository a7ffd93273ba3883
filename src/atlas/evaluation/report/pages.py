"""What the report is given besides metrics: the pages of the learned playbooks."""

from __future__ import annotations

from collections.abc import Mapping

from atlas.core.records import record


@record
class PlaybookPage:
    """One learned playbook, ready to be shown.

    Attributes:
        company_seed: The company whose stream taught it.
        playbook_id: Its id.
        title: One line that names it.
        kind: ``workflow``, ``rule``, ...
        state: Where it stands in its life, such as ``active``.
        level: How far it generalizes, 1 to 4.
        text: The rendered text: what a model would be given to read.
        evidence: What speaks for and against it, by name, in the order to show it in.
    """

    company_seed: int
    playbook_id: str
    title: str
    kind: str
    state: str
    level: int
    text: str
    evidence: Mapping[str, str | int | float]
