"""Instances of a process: restarts, and commits that are late or missing."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.instances import KEPT_SECONDS, MOST, MOST_OF_ACCOUNT, Instances, Tally, habit
from tests.stats.commits import commit

START = 1_763_900_000.0


def new() -> Instances:
    return Instances(Tally())


def hear(instances: Instances, iid: str, at: float, upt: float, **fields: Any) -> None:
    instances.hear(commit("web", iid=iid, upt=upt, **fields), at, 0, 0)


def run(instances: Instances, iid: str, begin: float, seconds: float) -> None:
    """Commits each 5 s, the last one at the end."""
    upt = 5.0
    while upt < seconds:
        hear(instances, iid, begin + upt, upt)
        upt += 5
    hear(instances, iid, begin + seconds, seconds)


def test_one_that_follows_another_is_a_restart() -> None:
    instances = new()
    run(instances, "a", START, 62)
    run(instances, "b", START + 63, 30)
    assert (instances.restarts, instances.restarted) == (1, [START + 63])
    assert {one.iid: one.ended > 0 for one in instances.all()} == {"a": True, "b": False}


def test_prefork_workers_that_begin_together_are_no_restarts() -> None:
    instances = new()
    for step in range(1, 20):
        for worker in range(8):
            hear(instances, f"w{worker}", START + 5 * step + worker / 10, 5.0 * step)
    assert instances.restarts == 0
    assert len(instances.all()) == 8


def test_a_worker_more_is_no_restart_and_one_that_is_replaced_is_one() -> None:
    instances = new()
    for step in range(1, 41):
        for worker in ("a", "b"):
            if worker == "a" or step < 20:
                hear(instances, worker, START + 5 * step, 5.0 * step)
        if step >= 10:
            hear(instances, "more", START + 5 * step + 1, 5.0 * (step - 9))
        if step >= 21:
            hear(instances, "instead", START + 5 * step + 2, 5.0 * (step - 20))
    assert instances.restarts == 1
    assert {one.iid for one in instances.all() if one.ended} == {"b"}


def test_one_that_was_taken_to_have_ended_and_speaks_again_has_not_ended() -> None:
    instances = new()
    hear(instances, "slow", START + 5, 5)
    hear(instances, "new", START + 30, 5)
    assert instances.restarts == 1
    hear(instances, "slow", START + 40, 40)
    assert (instances.restarts, instances.restarted) == (0, [])
    assert not any(one.ended for one in instances.all())


def test_an_instance_that_runs_for_long_when_it_is_first_heard_is_no_restart() -> None:
    instances = new()
    hear(instances, "a", START + 5, 5)
    hear(instances, "b", START + 100, 5000)
    assert instances.restarts == 0


def test_one_without_an_id_is_never_a_restart() -> None:
    instances = new()
    hear(instances, "", START + 5, 5, seq=1)
    hear(instances, "", START + 100, 2, seq=90)
    hear(instances, "a", START + 200, 5)
    assert instances.restarts == 0
    assert [one.missing for one in instances.all() if not one.iid] == [0]


@given(st.lists(st.floats(6, 900), min_size=1, max_size=30), st.data())
def test_each_run_after_the_first_is_a_restart_also_through_files(lengths: list[float], data: st.DataObject) -> None:
    instances, begin = new(), START
    for number, length in enumerate(lengths):
        run(instances, f"i{number}", begin, length)
        begin += length + data.draw(st.floats(0.1, 100))
        if data.draw(st.booleans()):
            instances = restored(instances)
        instances.fold(begin)
    assert instances.restarts == len(lengths) - 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(10, 60), st.floats(0.5, 20)), max_size=8), st.data())
def test_workers_that_are_replaced_are_the_restarts(deaths: list[tuple[int, int, float]], data: st.DataObject) -> None:
    """Four workers commit each at their own moments; now and then one dies and another takes its place."""
    said: list[tuple[float, str, float]] = []
    begun = {worker: START + data.draw(st.floats(0, 0.5)) for worker in range(4)}
    names = {worker: f"w{worker}" for worker in begun}
    now = START
    for number, (worker, commits, pause) in enumerate(deaths):
        end = max(now, begun[worker]) + 5 * commits
        said += spoken(names[worker], begun[worker], end)
        now, begun[worker], names[worker] = end, end + pause, f"later{number}"
    end = max(now, *begun.values()) + 60
    for worker, begin in begun.items():
        said += spoken(names[worker], begin, end)
    instances = new()
    for at, iid, upt in sorted(said):
        hear(instances, iid, at, upt)
    assert instances.restarts == len(deaths)
    assert {one.iid for one in instances.all() if not one.ended} == set(names.values())


def spoken(iid: str, begin: float, end: float) -> list[tuple[float, str, float]]:
    return [(begin + 5 * step, iid, 5.0 * step) for step in range(1, int((end - begin) // 5) + 1)]


@given(st.data())
def test_missing_are_those_between_the_first_and_the_newest_that_have_not_come(data: st.DataObject) -> None:
    """In any order, some of them never; a repeat does not reach an engine (`Delivered`)."""
    first = data.draw(st.integers(0, 1000))
    numbers = data.draw(st.permutations(range(first, first + 30)))
    come = numbers[: data.draw(st.integers(1, 30))]
    instances = new()
    for number in come:
        hear(instances, "a", START + number, 100, seq=number)
        if data.draw(st.booleans()):
            instances = restored(instances)
    expected = set(range(come[0], max(come) + 1)).difference(come)
    assert sum(one.missing for one in instances.all()) == len(expected)


@given(st.lists(st.floats(0, 100)))
def test_late_are_those_that_came_more_than_an_interval_after_their_time(ages: list[float]) -> None:
    instances = new()
    for number, age in enumerate(ages):
        hear(instances, "a", START + number, 100, age=age)
    assert sum(one.late for one in instances.all()) == sum(1 for age in ages if age > 5)


def test_what_was_shared_does_not_change_any_more() -> None:
    instances = new()
    hear(instances, "a", START, 5, seq=0)
    before = msgspec.json.encode(instances.state())
    state = instances.state()
    hear(instances, "a", START + 5, 10, seq=7, mem=5)
    hear(instances, "b", START + 65, 5)
    assert msgspec.json.encode(state) == before


def test_those_that_are_down_for_an_hour_are_folded_away_but_for_the_newest() -> None:
    tally = Tally()
    instances = Instances(tally)
    for number in range(5):
        hear(instances, f"i{number}", START + 100 * number, 5, seq=3)
        hear(instances, f"i{number}", START + 100 * number + 5, 10, seq=6, age=6)
    instances.fold(START + 320 + KEPT_SECONDS)
    assert [one.iid for one in instances.all()] == ["i4"]
    instances.fold(START + 10 * KEPT_SECONDS)
    assert (len(instances.all()), tally.count, instances.restarts) == (1, 1, 4)
    assert (instances.missing, instances.late) == (8, 4)


def test_there_is_room_for_a_hundred_and_those_that_are_gone_make_room() -> None:
    instances = new()
    for number in range(MOST + 5):
        hear(instances, f"i{number}", START + number / 100, 50)
    assert (len(instances.all()), instances.crowded > START) == (MOST, True)
    for number in range(2 * MOST):
        hear(instances, f"later{number}", START + 1000 + number, 5)
    assert len(instances.all()) == MOST


def test_an_account_has_room_for_a_bounded_number() -> None:
    tally = Tally()
    tally.count = MOST_OF_ACCOUNT
    instances = Instances(tally)
    hear(instances, "a", START, 50)
    hear(instances, "b", START, 50)
    assert [one.iid for one in instances.all()] == ["a"]
    instances.clear()
    assert tally.count == MOST_OF_ACCOUNT


def test_the_host_and_the_client_are_cut_and_kept() -> None:
    instances = new()
    hear(instances, "a", START, 50, hst="h" * 1000, ver="python 0.1.0")
    hear(instances, "a", START + 5, 55)
    (one,) = instances.all()
    assert (one.hst, one.ver) == ("h" * 128, "python 0.1.0")


@pytest.mark.parametrize(
    ("gaps", "ago", "every"),
    [
        ([60, 60, 60], 30, 60),
        ([60, 60], 200, 60),
        ([60, 60], 1000, None),
        ([60], 10, None),
        ([], 10, None),
        ([5000, 5000, 5000], 10, None),
        ([5000, *[8] * 9], 10, 8),
    ],
)
def test_a_habit(gaps: list[float], ago: float, every: float | None) -> None:
    times = [START]
    for gap in gaps:
        times.append(times[-1] + gap)
    assert habit(times, times[-1] + ago) == every


def test_a_damaged_file_costs_the_instances_only() -> None:
    instances = new()
    instances.restore({"restarts": 3, "instances": [{"iid": 1}, {"iid": "a", "began": 1.0, "seen": 2.0}]})
    assert (instances.restarts, [one.iid for one in instances.all()]) == (3, ["a"])


def restored(instances: Instances) -> Instances:
    again = new()
    again.restore(msgspec.json.decode(msgspec.json.encode(instances.state())))
    return again
