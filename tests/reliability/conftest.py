"""The line that sums up all rounds of a soak."""

from collections import Counter
from typing import Any

import pytest

from tests.reliability.surroundings import no_clock, no_small_disk


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Outcomes come with the reports, so that it does not matter which process played a round."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    ended = [report for report in reports if report.when == "call" and "test_a_round_of_all_faults" in report.nodeid]
    if not ended:
        return
    outcomes: list[dict[str, Any]] = [dict(report.user_properties).get("outcome", {}) for report in ended]
    faults = Counter(fault for outcome in outcomes for fault in outcome.get("faults", ()))
    sums = {
        name: sum(outcome.get(name, 0) for outcome in outcomes) for name in ("commits", "repeats", "lost", "doubled")
    }
    terminalreporter.section("reliability")
    failed = sum(report.failed for report in ended)
    terminalreporter.line(
        f"{len(ended)} rounds, {failed} failed; {sums['commits']:,} commits acknowledged, {sums['repeats']:,} of them"
        f" sent again; lost {sums['lost']}, counted twice {sums['doubled']}"
    )
    for fault, count in sorted(faults.items()):
        terminalreporter.line(f"{count:5} x {fault}")
    for reason in filter(None, (no_clock(), no_small_disk())):
        terminalreporter.line(f"left out: {reason}")
