"""What holds for every test: which skips are allowed, and how hypothesis draws."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent
SKIP_REASONS = TESTS / "skip_reasons.txt"

# The tests of the parts whose coverage has a floor; the others run up to three times as fast unwatched.
WATCHED = tuple(TESTS / folder for folder in ("unit/verify", "unit/crm", "unit/learning", "learning"))

# `ci` repeats exactly from run to run; `fuzz` looks for what nobody has seen yet. Neither fails for a slow machine.
settings.register_profile("ci", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile(
    "fuzz",
    max_examples=2_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)


class SkipRule:
    """Turns a skip into a failure unless its reason is listed; with CI=true no reason is good enough."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge the skip of a test."""
        report = yield
        # An expected failure is reported as skipped too; `wasxfail` tells them apart.
        if report.skipped and not hasattr(report, "wasxfail"):
            _fail_unless_allowed(report)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Judge the skip of a whole module."""
        report = yield
        if report.skipped:
            _fail_unless_allowed(report)
        return report


def pytest_configure(config: pytest.Config) -> None:
    """Make the rule hold for every test, those in docstrings of the source included."""
    config.pluginmanager.register(SkipRule(), "atlas-skip-rule")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it to what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count towards the coverage of a part what its own tests run, and nothing that happens to pass through it.

    A mark of pytest-cov says the same, and does nothing in a worker of pytest-xdist.
    """
    tracer = sys.gettrace()
    if not type(tracer).__module__.startswith("coverage") or _is_watched(item.path):
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


def _is_watched(path: Path) -> bool:
    return not path.is_relative_to(TESTS) or any(path.is_relative_to(folder) for folder in WATCHED)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the figures that tests put on record: how much was fuzzed, how much was compared."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(str(value))


def _fail_unless_allowed(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = _reason(report)
    allowed = [line for line in SKIP_REASONS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    if reason not in allowed:
        report.outcome = "failed"
        report.longrepr = f"skipped for a reason that is not in {SKIP_REASONS.name}: {reason}"
    elif os.environ.get("CI", "").lower() == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped with CI=true, where no test may skip: {reason}"


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr
    message = told[2] if isinstance(told, tuple) else str(told)
    return message.removeprefix("Skipped: ")
