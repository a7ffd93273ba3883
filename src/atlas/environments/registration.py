"""Makes the environments known to Gymnasium.

Gymnasium up to 0.29 calls :func:`register_environments` through the entry point group ``gymnasium.envs``; from 1.0 on
it looks at no entry points, so a program calls the function itself before its first ``gymnasium.make``.
"""

from __future__ import annotations

from typing import Final

from atlas.environments.extras import require

CRM_V1: Final = "atlas/Crm-v1"
"""The environment's id; one whose dynamics differ gets another version."""


def register_environments() -> None:
    """Register ``atlas/Crm-v1``; calling it again changes nothing.

    Raises:
        MissingExtraError: the extra ``gymnasium`` is not installed.

    Example:
        >>> import gymnasium
        >>> register_environments()
        >>> gymnasium.spec("atlas/Crm-v1").entry_point
        'atlas.environments.gymnasium_env:CrmEnv'
    """
    require("gymnasium", CRM_V1)
    import gymnasium  # noqa: PLC0415 - this module has to be importable without the extra

    if CRM_V1 not in gymnasium.registry:
        gymnasium.register(  # pyright: ignore[reportUnknownMemberType] - one of its parameters is a bare dict
            id=CRM_V1, entry_point="atlas.environments.gymnasium_env:CrmEnv"
        )
