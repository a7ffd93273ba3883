"""Every threshold of Clerk in one record."""

from __future__ import annotations

from atlas.agents.intent import IntentWeights
from atlas.core.records import record
from atlas.learning.features import EvidenceWeights
from atlas.learning.induction import InductionThresholds
from atlas.learning.recall import RecallThresholds


@record
class RuleThresholds:
    """When a rule of single tools is used where no playbook is followed.

    Attributes:
        least_cases: Least number of calls that a rule was learned from.
        least_share: Least share of those calls that it held in.
        least_repairs: Least number of cases before a failed call is mended and made again.
    """

    least_cases: int = 3
    least_share: float = 0.8
    least_repairs: int = 2


@record
class ExplorationSettings:
    """How Clerk tries things out where it only ever hears whether it was right (teacher tiers T1 and T2).

    Attributes:
        tools: Number of tools, from the best one, among which it tries.
        seed: Seed of the draws.
    """

    tools: int = 3
    seed: int = 0


@record
class ClerkConfig:
    """Clerk's settings.

    Attributes:
        recall: When a playbook is trusted.
        evidence: How much the situation says for or against playbooks.
        induction: How cases are gathered into workflows.
        rules: When rules of single tools are used.
        intent: What speaks for a tool in the default plan.
        exploration: How Clerk tries things out.
        suspend_after: Failures in a row that contradict a workflow, after which it is suspended; twice as many blamed
            failures suspend one that failed more often than it succeeded.
        activate_after: Verified successes after which a workflow counts as active.
        respond: Name of the tool that ends a turn.
    """

    recall: RecallThresholds = RecallThresholds()
    evidence: EvidenceWeights = EvidenceWeights()
    induction: InductionThresholds = InductionThresholds()
    rules: RuleThresholds = RuleThresholds()
    intent: IntentWeights = IntentWeights()
    exploration: ExplorationSettings = ExplorationSettings()
    suspend_after: int = 2
    activate_after: int = 3
    respond: str = "respond"
