from dattss.accumulator import Accumulator, Partials
from dattss.outbox import LOST, Commit, Outbox
from hypothesis import given
from hypothesis import strategies as st


def prt_of(values: dict[str, list[int]]) -> Partials:
    prt: Partials = {"c": [], "ms": [], "g": []}
    for name, numbers in values.items():
        stat = Accumulator("c", name)
        for number in numbers:
            stat.add(number)
        prt["c"].append(stat.partial())
    return prt


def commit(minute: int, values: dict[str, list[int]] | None = None, end: float = 0.0, err: int = 0) -> Commit:
    return Commit({"nam": "api", "err": err, "wrn": 0}, prt_of(values or {}), end, minute)


def contents(outbox: Outbox) -> list[tuple[int, dict[str, float]]]:
    found = []
    while (oldest := outbox.oldest()) is not None:
        found.append((oldest.minute, {partial["nam"]: partial["sum"] for partial in oldest.prt["c"]}))
        outbox.delivered()
    return found


def test_commits_leave_in_the_order_in_which_they_came() -> None:
    outbox = Outbox()
    for minute in (1, 2, 3):
        outbox.put(commit(minute, {"new": [minute]}))
    assert contents(outbox) == [(1, {"new": 1}), (2, {"new": 2}), (3, {"new": 3})]


def test_when_full_the_oldest_minute_becomes_one_commit() -> None:
    outbox = Outbox(max_commits=3)
    for minute, value in ((1, 1), (1, 2), (1, 4), (2, 8)):
        outbox.put(commit(minute, {"new": [value]}, end=float(value), err=1))
    oldest = outbox.oldest()
    assert oldest is not None
    assert (oldest.end, oldest.facts["err"]) == (4.0, 3)
    assert contents(outbox) == [(1, {"new": 7}), (2, {"new": 8})]
    assert outbox.lost == 0


def test_a_later_minute_is_joined_when_the_oldest_has_one_commit_only() -> None:
    outbox = Outbox(max_commits=3)
    for minute, value in ((1, 1), (2, 2), (2, 4), (3, 8)):
        outbox.put(commit(minute, {"new": [value]}))
    assert contents(outbox) == [(1, {"new": 1}), (2, {"new": 6}), (3, {"new": 8})]


def test_a_commit_that_was_sent_is_neither_joined_nor_dropped() -> None:
    outbox = Outbox(max_commits=2)
    sent = commit(1, {"new": [1]})
    sent.seq = 1
    outbox.put(sent)
    outbox.put(commit(1, {"new": [2, 2, 2]}))
    outbox.put(commit(2, {"new": [4]}))
    assert outbox.oldest() is sent
    assert contents(outbox) == [(1, {"new": 1}), (2, {"new": 4})]
    assert outbox.lost == 3


def test_a_lost_report_of_losses_is_as_many_losses_as_it_reported() -> None:
    outbox = Outbox()
    outbox.put(commit(1, {LOST: [1000], "new": [7]}))
    outbox.refused()
    assert outbox.lost == 1001


def test_commits_without_any_news_are_let_go() -> None:
    outbox = Outbox()
    outbox.put(commit(1))
    outbox.put(commit(1, err=1))
    outbox.put(commit(1, {"new": [1]}))
    outbox.discard_empty()
    assert len(outbox) == 2


def test_a_commit_without_news_is_kept_once_it_was_sent() -> None:
    outbox = Outbox()
    sent = commit(1)
    sent.seq = 1
    outbox.put(sent)
    outbox.put(commit(1))
    outbox.discard_empty()
    assert (outbox.oldest(), len(outbox), outbox.has_news()) == (sent, 1, False)
    outbox.put(commit(1, err=1))
    assert outbox.has_news()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "put", "put", "send", "deliver", "refuse"]), st.integers(0, 2), st.integers(1, 4)
        ),
        max_size=60,
    )
)
def test_every_value_is_delivered_kept_or_counted_as_lost(steps: list[tuple[str, int, int]]) -> None:
    outbox = Outbox(max_commits=5, max_partials=8)
    put = delivered = minute = 0
    for what, later, size in steps:
        oldest = outbox.oldest()
        if what == "put":
            minute += later
            outbox.put(commit(minute, {f"s{n}": [1] * size for n in range(size)}))
            put += size * size
        elif oldest is None:
            continue
        elif what == "send":
            oldest.seq = 1
        elif what == "refuse":
            outbox.refused()
        else:
            delivered += oldest.values()
            outbox.delivered()
        assert len(outbox) <= 5
    while (oldest := outbox.oldest()) is not None:
        delivered += oldest.values()
        outbox.delivered()
    assert put == delivered + outbox.lost
