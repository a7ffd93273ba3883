"""A scenario: everything about a case except its goal, which lives in the verifier's vault."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from atlas.core.records import record
from atlas.crm.outages import Outage
from atlas.crm.records import Entity, FieldValue
from atlas.verify.goals import Split


@record
class PatchedRow:
    """A row that a case puts into the company before it starts (a seed, not a call); it replaces a row of that id."""

    entity: Entity
    id: str
    fields: Mapping[str, FieldValue]


@record
class Disclosure:
    """Something that the customer knows and tells only when asked.

    Attributes:
        about: The agent's question has to contain one of these texts (case-insensitive).
        text: What the customer then says.
        instead_of: Number of the turn (from 0) that says the same and is left out once this was told; None for none.
    """

    about: tuple[str, ...]
    text: str
    instead_of: int | None = None


@record
class CustomerScript:
    """The user's side of a case.

    Attributes:
        turns: What the user says, one message per turn; at least one.
        disclosures: What the user tells when the agent asks; each at most once, and it does not use up a turn.
        shrug: The answer to a question that nothing above covers; at most twice, then the conversation ends.
        literals: Names, figures and house words in all this that have to stay as they are, however it is worded.
    """

    turns: tuple[str, ...]
    disclosures: tuple[Disclosure, ...] = ()
    shrug: str = "I can't tell you more than that, please go by what you have."
    literals: tuple[str, ...] = ()


@record
class Scenario:
    """One case of the exam. The runner sees all of it; an agent sees only what its observation holds.

    Attributes:
        scenario_id: Content hash of everything else.
        generator_version: Version of the generator that made it.
        company_seed: The company it plays in.
        split: What it may be used for.
        family: The kind of work and convention, such as ``"quote_validity"``.
        blueprint: A variant within the family; cases of one blueprint are not independent.
        paraphrase: Which wording of the blueprint.
        level: What has to be learned to solve it (1 task, 2 company, 3 workflow, 4 universal).
        category: Whether the request can be carried out as it stands (``success``), or has to be put right, refused,
            asked about or reported.
        failure: Id of the failure category (see ``atlas.scenarios.failures``); None for a success.
        difficulty: By number of calls of the shortest solution: simple 1-3, medium 4-6, complex 7 and more.
        actor: Handle of the colleague on whose behalf the agent works.
        today: The day on which it plays.
        world_patch: Rows put into the company before it starts.
        outages: Tools that do not work in it.
        dialect: Seed of the names that tools and fields have in it (see ``atlas.crm.dialects``); None for their own.
        customer_script: The user's side.
        conventions: Names of the conventions that a solution has to respect.
        tags: Free labels for filters; ``opaque`` and ``natural`` tell the vocabulary apart.
        canary: A unique text that must never be seen in a training set.
    """

    scenario_id: str
    generator_version: str
    company_seed: int
    split: Split
    family: str
    blueprint: str
    paraphrase: str
    level: Literal[1, 2, 3, 4]
    category: Literal["success", "failure"]
    failure: str | None
    difficulty: Literal["simple", "medium", "complex"]
    actor: str
    today: date
    world_patch: tuple[PatchedRow, ...]
    outages: tuple[Outage, ...]
    dialect: int | None
    customer_script: CustomerScript
    conventions: tuple[str, ...]
    tags: tuple[str, ...]
    canary: str
