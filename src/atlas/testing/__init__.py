"""The public test kit: small worlds, scripted agents and users, and the check that a store behaves like the first one.

Everything but :func:`check_store` works without the extra ``testing``.
"""

from atlas.testing.scripted import RecordingAgent, ScriptedAgent, play, scripted_user
from atlas.testing.stores import StoreMismatchError, StoreReport, check_store
from atlas.testing.worlds import SmallCompany, build_company, example_row, open_world

__all__ = [
    "RecordingAgent",
    "ScriptedAgent",
    "SmallCompany",
    "StoreMismatchError",
    "StoreReport",
    "build_company",
    "check_store",
    "example_row",
    "open_world",
    "play",
    "scripted_user",
]
