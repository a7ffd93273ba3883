"""The families of scenarios: kinds of work, each with blueprints, wordings and goals.

Written without a look at any agent or at what learns.
"""

from __future__ import annotations

from atlas.core.errors import UnknownNameError
from atlas.scenarios.blueprints import Family
from atlas.scenarios.families import asking, filing, gating, opening, people, quoting, reviving, staging, updating

FAMILIES: tuple[Family, ...] = (
    *opening.FAMILIES,
    *updating.FAMILIES,
    *staging.FAMILIES,
    *gating.FAMILIES,
    *asking.FAMILIES,
    *filing.FAMILIES,
    *quoting.FAMILIES,
    *people.FAMILIES,
    *reviving.FAMILIES,
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
