"""Groups of errors: exact counts whatever order and number they come in, bounded, and the same after a restart."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation import error_groups
from stats.aggregation.commit import Event
from stats.aggregation.error_groups import (
    ELSEWHERE,
    HOURS,
    MOST_GROUPS,
    MOST_NEW,
    MOST_PROCESSES,
    ErrorGroup,
    ErrorGroups,
)

NOW = 1_764_000_000.0
HOUR = 3600.0


def error(tpl: str, msg: str = "x", cnt: int = 1) -> Event:
    return Event(lvl="error", msg=msg, tpl=tpl, cnt=cnt)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(["web", "cron"]), st.integers(1, 10**6), st.integers(-90_000, 0)
        ),
        max_size=40,
    )
)
def test_counts_are_exact_in_any_order(sent: list[tuple[str, str, int, int]]) -> None:
    groups = ErrorGroups()
    for template, process, count, ago in sent:
        groups.add(7, process, [(error(template, cnt=count), NOW + ago)])
    for group in groups.groups(7):
        mine = [one for one in sent if one[0] == group.title]
        assert group.cnt == sum(count for _, _, count, _ in mine) == sum(group.nam.values())
        assert group.first == NOW + min(ago for *_, ago in mine)
        assert group.last == NOW + max(ago for *_, ago in mine)
        newest = group.last // 3600
        within = sum(count for *_, count, ago in mine if newest - (NOW + ago) // 3600 < HOURS)
        assert sum(group.hours) == within
    assert {group.title for group in groups.groups(7)} == {one[0] for one in sent}


def test_the_latest_one_is_the_sample() -> None:
    groups = ErrorGroups()
    for message, at in (("first", NOW), ("newest", NOW + 60), ("late", NOW + 30)):
        groups.add(7, "web", [(error("a", message), at)])
    (group,) = groups.groups(7)
    assert (group.msg, group.last) == ("newest", NOW + 60)


def test_hours_pass() -> None:
    groups = ErrorGroups()
    for ago in (30, 23, 1, 0, 0):
        groups.add(7, "web", [(error("a"), NOW - ago * HOUR)])
    (group,) = groups.groups(7)
    assert (group.hours[0], group.hours[-2:], sum(group.hours)) == (1, [1, 2], 4)


def test_a_noisy_group_pushes_no_other_out() -> None:
    groups = ErrorGroups()
    groups.add(7, "web", [(error("rare"), NOW)])
    for second in range(2000):
        groups.add(7, "web", [(error("noisy"), NOW + second)])
    assert {group.title: group.cnt for group in groups.groups(7)} == {"rare": 1, "noisy": 2000}


def test_the_group_that_is_silent_for_longest_makes_room() -> None:
    groups = ErrorGroups()
    for number in range(MOST_GROUPS + 1):
        groups.add(7, "web", [(error(f"t{number}"), NOW + number)])
        groups.add(7, "web", [(error("t0"), NOW + number)])
    titles = {group.title for group in groups.groups(7)}
    assert len(titles) == MOST_GROUPS
    assert "t0" in titles
    assert "t1" not in titles


def test_too_many_different_ones_in_a_commit_are_counted_together() -> None:
    groups = ErrorGroups()
    groups.add(7, "web", [(error(f"t{number}", cnt=3), NOW) for number in range(MOST_NEW + 20)])
    others = next(group for group in groups.groups(7) if group.key == "others")
    assert others.cnt == 60


def test_processes_of_a_group_are_bounded() -> None:
    groups = ErrorGroups()
    for number in range(MOST_PROCESSES + 10):
        groups.add(7, f"web-{number}", [(error("a"), NOW)])
    (group,) = groups.groups(7)
    assert (group.nam[ELSEWHERE], len(group.nam)) == (10, MOST_PROCESSES + 1)


def test_levels_and_accounts_are_apart() -> None:
    groups = ErrorGroups()
    groups.add(7, "web", [(error("a"), NOW), (Event(lvl="warning", msg="x", tpl="a"), NOW)])
    groups.add(8, "web", [(error("a"), NOW)])
    assert sorted(group.lvl for group in groups.groups(7)) == ["error", "warning"]
    groups.drop(7)
    assert (groups.groups(7), len(groups.groups(8))) == ([], 1)


def test_memory_is_told_and_goes_with_the_account() -> None:
    groups = ErrorGroups()
    groups.add(7, "web", [(error("a", "x" * error_groups.LONGEST_MESSAGE), NOW)])
    long = groups.nbytes
    groups.add(7, "web", [(error("a", "x"), NOW + 1)])
    assert groups.nbytes == long - error_groups.LONGEST_MESSAGE + 1
    groups.drop(7)
    assert groups.nbytes == 0


def test_it_goes_on_from_its_file() -> None:
    groups, again = ErrorGroups(), ErrorGroups()
    groups.add(7, "web", [(error("a"), NOW), (error("b"), NOW + 1)])
    ((account, changed),) = groups.take_changed()
    assert list(groups.take_changed()) == []
    text = msgspec.json.encode(changed)
    again.restore(account, msgspec.json.decode(text, type=list[ErrorGroup]))
    for one in (groups, again):
        one.add(7, "web", [(error("a"), NOW + 5)])
    assert again.groups(7) == groups.groups(7)
    assert again.nbytes == groups.nbytes
    assert error_groups.LEVELS == ("error", "warning")
