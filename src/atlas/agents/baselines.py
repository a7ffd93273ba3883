"""Students that show what an exam gives away for nothing."""

from __future__ import annotations

from atlas.episodes.records import Action, Observation


class DoNothing:
    """Ends every turn at once, with a text that says nothing."""

    def act(self, observation: Observation) -> Action:
        del observation
        return Action(text="Noted.")
