"""What a shard counts of an account's commits."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.meter import SLOTS, Meter, Pace

NOTHING = Pace(0.0, 0.0, 0, 0)
SLOT = 5.0


def test_rates_are_those_of_the_last_minute() -> None:
    meter = Meter(0.0)
    for slot in range(30):
        meter.commit(1, 20, "")
        meter.commit(1, 10, "udp-1-2")
        meter.roll(SLOT * (slot + 1))
    assert meter.pace(1, 150.0) == Pace(commits=2 * 12 / 60, partials=30 * 12 / 60, udp_intervals=12, refused=0)


def test_a_minute_of_silence_is_none_at_all() -> None:
    meter = Meter(0.0)
    meter.commit(1, 20, "udp-1")
    meter.refused(1)
    now = 0.0
    for _ in range(SLOTS):
        assert meter.pace(1, now).refused == 1
        now += SLOT
        meter.roll(now)
    meter.roll(now + SLOT)
    assert meter.pace(1, now + SLOT) == NOTHING


def test_soon_after_the_start_the_mean_is_of_the_time_since() -> None:
    meter = Meter(100.0)
    meter.commit(1, 4, "")
    assert meter.pace(1, 100.0).commits == 1 / 5
    assert meter.pace(1, 110.0).commits == 1 / 10


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50), st.booleans()) | st.none(), max_size=200))
def test_each_account_is_counted_for_itself(events: list[tuple[int, int, bool] | None]) -> None:
    """None: a slot ends. As many end as the meter keeps, at most."""
    meter, now, rolls = Meter(0.0), 0.0, 0
    expected: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for event in events:
        if event is None:
            if rolls < SLOTS:
                rolls, now = rolls + 1, now + SLOT
                meter.roll(now)
        elif event[2]:
            meter.refused(event[0])
            expected[event[0]][3] += 1
        else:
            meter.commit(event[0], event[1], "udp-" if event[1] % 2 else "a")
            sums = expected[event[0]]
            sums[0] += 1
            sums[1] += event[1]
            sums[2] += event[1] % 2
    seconds = max(now, SLOT)
    for account in (1, 2, 3):
        commits, partials, udp, refused = expected[account]
        found = meter.pace(account, now)
        assert (found.udp_intervals, found.refused) == (udp, refused)
        assert (found.commits, found.partials) == pytest.approx((commits / seconds, partials / seconds))
