"""A hundred thousand calls that should not be made, against a world in memory."""

from __future__ import annotations

import pytest

from atlas.crm.sessions import MemorySessions
from atlas.testing.fuzzing import fuzz_calls

pytestmark = pytest.mark.slow

SEED = 20_260_302
CALLS = 250_000


def test_a_hundred_thousand_calls_in_memory(request: pytest.FixtureRequest) -> None:
    """No exception, no trace of what failed, errors short and printable; the count is put on record."""
    report = fuzz_calls(MemorySessions(), calls=CALLS, seed=SEED)
    assert report.calls >= 100_000
    assert report.succeeded > CALLS // 50, "some calls go through"
    assert len(report.error_codes) > 15, "many ways to fail"
    request.node.user_properties.append(("figures", f"in memory: {report}"))
