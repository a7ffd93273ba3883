"""The colleagues of a company: who they are, where they sell, what they may do."""

from __future__ import annotations

import random

from atlas.crm.records import StaffMember
from atlas.scenarios.conventions.drawing import ACCOUNT_EXECUTIVE
from atlas.scenarios.naming import FIRST_NAMES, SURNAMES, NameMaker, handle_of

TERRITORY_SETS: tuple[tuple[str, ...], ...] = (
    ("North", "South", "East", "West"),
    ("Coast", "Highlands", "Lakes", "Capital"),
    ("Upper Valley", "Lower Valley", "Harbor", "Plains"),
)

_OFFICE: tuple[tuple[str, str], ...] = (  # role and access of everybody who sells nothing
    ("Sales Director", "manager"),
    ("Sales Operations Manager", "manager"),
    ("Deal Desk Analyst", "rep"),
    ("Support Agent", "rep"),
    ("Support Agent", "rep"),
    ("Marketing Specialist", "rep"),
    ("Legal Counsel", "read-only"),
)


def draw_staff(rng: random.Random, names: NameMaker) -> tuple[StaffMember, ...]:
    """Return the colleagues in directory order: one account executive per territory, then the office."""
    posts = [(ACCOUNT_EXECUTIVE, "rep", territory) for territory in rng.choice(TERRITORY_SETS)]
    posts += [(role, access, "") for role, access in _OFFICE]
    staff: list[StaffMember] = []
    for role, access, territory in posts:
        full_name = names.fresh(lambda draw: f"{draw.choice(FIRST_NAMES)} {draw.choice(SURNAMES)}")
        first, last = full_name.split(" ")
        handle = handle_of(first, last)
        if handle in {member.handle for member in staff}:
            handle = f"{handle}{len(staff)}"
        staff.append(StaffMember(handle, full_name, role, territory, access))
    return tuple(staff)
