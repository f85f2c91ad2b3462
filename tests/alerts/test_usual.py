"""What is usual of a stat, as rules are told it: read seldom, within its time, the same as the plot has it."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alerts.observation import Typical
from alerts.reading_time import MOST_OF_ONE, SECONDS, ReadingTime
from alerts.targets import StatName
from alerts.usual import BACK, Usual
from stats import history
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
DAY = 1440
CLOCKS_GO_BACK = int(dt.datetime(2026, 10, 25, tzinfo=dt.UTC).timestamp()) // 60
COST = 0.1  # seconds that each read takes here


class Time(ReadingTime):
    """Time that is spent by reading alone."""

    def __init__(self) -> None:
        self.now, self.looks = 0.0, 0
        super().__init__(lambda: self.now, self._spent)

    @property
    def reads(self) -> int:
        return self.looks // 2

    def _spent(self) -> float:
        self.looks += 1
        return self.looks * COST


def name(number: int = 0) -> StatName:
    return StatName("api", "c", f"s{number}")


def filled(root: Path, end: int, *, stats: int = 1, days: int = 8) -> None:
    """A value each 10 minutes of the days before `end`, of two accounts."""
    Writer(root).write(
        of_rows(
            MinuteRow(account, "api", "c", name(number).name, minute, Aggregate(value, 1, value, value, 0, 0, 0, 0))
            for account in (1, 2)
            for number in range(stats)
            for minute in range(end - days * DAY, end, 10)
            for value in [float(minute % 97 + 1)]
        )
    )


def known(usual: Usual, stats: int, minute: int) -> int:
    return sum(usual.typical(name(number), UTC, minute) is not None for number in range(stats))


@pytest.mark.parametrize("zone", [UTC, BERLIN])
def test_it_is_what_the_plot_draws_minute_by_minute_on_a_day_of_25_hours_too(tmp_path: Path, zone: ZoneInfo) -> None:
    filled(tmp_path, CLOCKS_GO_BACK)
    reading = Time()
    day = dt.date(2026, 10, 25)
    drawn = history.usual(tmp_path, Stat(1, *name()), day, zone)
    for place in range(len(drawn.days)):
        reading.now += 60
        told = Usual(1, tmp_path, reading).typical(name(), zone, drawn.start + place)
        wanted = Typical(drawn.low[place], drawn.mid[place], drawn.high[place], drawn.mean[place])
        assert told == (wanted if drawn.days[place] >= 3 else None)
    assert len(drawn.days) == (25 if zone is BERLIN else 24) * 60
    assert reading.reads <= 8


def test_minutes_that_came_late_are_compared_without_reading_again(tmp_path: Path) -> None:
    end = CLOCKS_GO_BACK
    filled(tmp_path, end)
    reading = Time()
    usual = Usual(1, tmp_path, reading)
    assert usual.typical(name(), UTC, end + 600) is not None
    assert usual.typical(name(), UTC, end + 600 - BACK) is not None
    assert usual.typical(name(), UTC, end + 600 - BACK - 10) is None
    assert reading.reads == 1


def test_reading_ends_with_its_time_and_goes_on_a_minute_later(tmp_path: Path) -> None:
    minute = CLOCKS_GO_BACK + 600
    filled(tmp_path, CLOCKS_GO_BACK, stats=12, days=4)
    reading = Time()
    for _ in range(2):  # whoever asks again in the same minute gets no more than what is left
        found = known(Usual(1, tmp_path, reading), 12, minute)
    assert reading.reads * COST <= SECONDS + COST
    assert found < 12
    reading.now += 60
    assert known(Usual(1, tmp_path, reading), 12, minute) == 12


def test_one_account_leaves_time_for_another(tmp_path: Path) -> None:
    minute = CLOCKS_GO_BACK + 600
    filled(tmp_path, CLOCKS_GO_BACK, stats=12, days=4)
    reading = Time()
    assert known(Usual(1, tmp_path, reading), 12, minute) * COST <= SECONDS * MOST_OF_ONE + COST
    assert known(Usual(2, tmp_path, reading), 12, minute) > 0


def test_what_was_learned_holds_where_there_is_no_time_to_learn_it_again(tmp_path: Path) -> None:
    filled(tmp_path, CLOCKS_GO_BACK, days=15)
    reading = Time()
    first = Usual(1, tmp_path, reading).gap(name(), UTC, CLOCKS_GO_BACK)
    assert first is not None
    reading.take(SECONDS)
    assert Usual(1, tmp_path, reading).gap(name(), UTC, CLOCKS_GO_BACK + 3 * DAY) is not None
    assert reading.reads == 1
