"""What people say of a group, and what it is then."""

import pytest

from stats.aggregation.group_state import Decision, state_of

NOW = 1_764_000_000.0


@pytest.mark.parametrize(
    ("decision", "last", "state"),
    [
        (None, NOW, "new"),
        (Decision("seen", NOW - 60), NOW, "seen"),
        (Decision("resolved", NOW - 60), NOW - 61, "resolved"),
        (Decision("resolved", NOW - 60), NOW - 60, "resolved"),
        (Decision("resolved", NOW - 60), NOW - 59, "regression"),
        (Decision("muted", NOW - 60, NOW + 1), NOW, "muted"),
        (Decision("muted", NOW - 60, NOW), NOW, "seen"),
    ],
)
def test_the_state_of_a_group(decision: Decision | None, last: float, state: str) -> None:
    assert state_of(decision, last, NOW) == state
