"""The families of scenarios: kinds of work, each with blueprints, wordings and goals.

Written without a look at any agent or at what learns.
"""

from __future__ import annotations

from atlas.core.errors import UnknownNameError
from atlas.scenarios.blueprints import Family
from atlas.scenarios.families import (
    account_rounds,
    account_work,
    amending,
    asking,
    awkward,
    bad_blanks,
    bad_values,
    bad_words,
    closed_doors,
    contract_care,
    contracting,
    deal_endings,
    deal_talk,
    duties,
    failing_tools,
    filing,
    finding,
    forecasting,
    fresh_contacts,
    gating,
    keeping_up,
    look_alikes,
    odd_values,
    one_offs,
    open_points,
    opening,
    overviews,
    people,
    people_work,
    pipeline_work,
    quote_chains,
    quote_mistakes,
    quote_terms,
    quote_work,
    quoting,
    replanning,
    repricing,
    reviving,
    spellings,
    staff_work,
    staging,
    taken_back,
    untrusted,
    updating,
    upkeep,
)

FAMILIES_AFTER_FREEZE: tuple[Family, ...] = (
    *replanning.FAMILIES,
    *repricing.FAMILIES,
    *keeping_up.FAMILIES,
    *forecasting.FAMILIES,
    *account_rounds.FAMILIES,
    *fresh_contacts.FAMILIES,
    *deal_endings.FAMILIES,
    *overviews.FAMILIES,
    *open_points.FAMILIES,
    *taken_back.FAMILIES,
)
"""Families that were added after the learner was frozen, and written without a look at it."""

FAMILIES: tuple[Family, ...] = (
    *opening.FAMILIES,
    *updating.FAMILIES,
    *amending.FAMILIES,
    *staging.FAMILIES,
    *gating.FAMILIES,
    *asking.FAMILIES,
    *filing.FAMILIES,
    *quoting.FAMILIES,
    *people.FAMILIES,
    *reviving.FAMILIES,
    *account_work.FAMILIES,
    *people_work.FAMILIES,
    *staff_work.FAMILIES,
    *pipeline_work.FAMILIES,
    *upkeep.FAMILIES,
    *one_offs.FAMILIES,
    *deal_talk.FAMILIES,
    *finding.FAMILIES,
    *quote_work.FAMILIES,
    *quote_terms.FAMILIES,
    *quote_chains.FAMILIES,
    *quote_mistakes.FAMILIES,
    *contracting.FAMILIES,
    *contract_care.FAMILIES,
    *duties.FAMILIES,
    *bad_values.FAMILIES,
    *bad_words.FAMILIES,
    *bad_blanks.FAMILIES,
    *odd_values.FAMILIES,
    *awkward.FAMILIES,
    *closed_doors.FAMILIES,
    *spellings.FAMILIES,
    *failing_tools.FAMILIES,
    *untrusted.FAMILIES,
    *look_alikes.FAMILIES,
    *FAMILIES_AFTER_FREEZE,
)


def get_family(name: str) -> Family:
    """Return the family of that name.

    Raises:
        UnknownNameError: there is none.
    """
    for family in FAMILIES:
        if family.name == name:
            return family
    raise UnknownNameError("family", name, [family.name for family in FAMILIES])
