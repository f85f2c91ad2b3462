"""Row `packed`: bytes that a minute of a stat takes in a packed day."""

from benchmarks.report import Bar, Line


def measure(rounds: int = 1) -> list[Line]:  # noqa: ARG001  (the interface of a row)
    """Demo days, which look like real ones, once days are packed."""
    return [Line("packed day, per stat-minute", "byte", bar=Bar("ours", 12), note="not built yet")]
