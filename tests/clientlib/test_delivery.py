"""The reporter against a real server, its clock in the test's hand."""

import logging
import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from dattss.events import Events
from dattss.intake import Intake
from dattss.reporter import Reporter
from dattss.scrub import Scrubber
from dattss.sketch import decode
from dattss.transport import VERSION, Transport

from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Json, Recorder, Reply


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5000.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_763_900_000.0 + self.now


class Bench:
    """A reporter, what it reads from and the clock that it sees."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.clock = HandClock()
        self.intake = Intake()
        self.events = Events(Scrubber(), self.clock.monotonic)
        self.transport = Transport(recorder.url, KEY)
        self.reporter = Reporter("api", self.intake, self.events, self.transport, 5.0, self.clock)

    def agg(self, *values: str, name: str = "new") -> None:
        for value in values:
            self.intake.admit(name, value)

    def pass_time(self, seconds: float) -> float:
        self.clock.now += seconds
        return self.reporter.step()

    def sent(self) -> list[Json]:
        return self.recorder.commits


@pytest.fixture
def bench(recorder: Recorder) -> Iterator[Bench]:
    made = Bench(recorder)
    yield made
    made.transport.close()


def test_a_commit_says_what_was_counted(bench: Bench) -> None:
    bench.agg("153ms", "53ms!", name="query")
    bench.agg("1c", "2c")
    bench.agg("23g", name="live")
    assert bench.reporter.step() == 5.0
    assert bench.sent() == []  # the interval is not over
    bench.pass_time(5)
    [commit] = bench.sent()
    iid, mem = commit.pop("iid"), commit.pop("mem")
    assert len(iid) == 32
    assert 10**6 < mem < 10**10
    assert commit.pop("cpu") >= 0
    assert sum(decode(commit["prt"]["ms"][0].pop("skt")).values()) == 2
    assert commit == {
        "nam": "api", "upt": 5.0, "err": 0, "wrn": 0, "seq": 1, "age": 0.0,
        "hst": socket.gethostname(), "ver": f"python {VERSION}",
        "prt": {
            "c": [{"typ": "c", "nam": "new", "pct": 0.1, "sum": 3, "cnt": 2, "max": 2, "min": 1,
                   "fst": 1, "lst": 2, "bot": 1, "top": 2, "emp": False}],
            "ms": [{"typ": "ms", "nam": "query", "pct": 0.1, "sum": 206, "cnt": 2, "max": 153, "min": 53,
                    "fst": 153, "lst": 53, "bot": 53, "top": 153, "emp": True}],
            "g": [{"typ": "g", "nam": "live", "pct": 0.1, "sum": 23, "cnt": 1, "max": 23, "min": 23,
                   "fst": 23, "lst": 23, "bot": 23, "top": 23, "emp": False}],
        },
    }  # fmt: skip
    [request] = bench.recorder.requests
    assert request.path == "/agg"
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_a_process_says_where_it_runs_at_first_and_each_few_minutes(bench: Bench) -> None:
    for _ in range(121):
        bench.pass_time(5)
    introduced = [commit["upt"] for commit in bench.sent() if "hst" in commit]
    assert introduced == [5.0, 300.0, 305.0, 600.0, 605.0]


def test_an_idle_process_still_says_that_it_lives(bench: Bench) -> None:
    bench.pass_time(5)
    bench.pass_time(5)
    assert [(c["seq"], c["upt"], c["prt"]) for c in bench.sent()] == [
        (1, 5.0, {"c": [], "ms": [], "g": []}),
        (2, 10.0, {"c": [], "ms": [], "g": []}),
    ]


def test_a_late_tick_does_not_shift_those_after_it(bench: Bench) -> None:
    assert bench.pass_time(5.25) == 4.75
    assert bench.pass_time(4.75) == 5.0
    assert bench.pass_time(12) == 3.0  # two ticks were missed: they are not made up for
    assert [c["upt"] for c in bench.sent()] == [5.25, 10.0, 22.0]


def test_several_commits_share_a_connection(bench: Bench) -> None:
    for _ in range(3):
        bench.pass_time(5)
    assert len({request.peer for request in bench.recorder.requests}) == 1


def test_a_large_commit_is_packed(bench: Bench) -> None:
    for number in range(100):
        bench.agg("1c", name=f"stat{number}")
    bench.pass_time(5)
    [request] = bench.recorder.requests
    assert request.headers["Content-Encoding"] == "gzip"
    assert int(request.headers["Content-Length"]) < 2000
    assert len(request.commit["prt"]["c"]) == 100


def test_what_cannot_be_delivered_is_sent_later_with_its_age(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.recorder.down()
    bench.agg("1c")
    bench.pass_time(5)
    bench.agg("2c")
    bench.pass_time(5)
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["DaTtSs server does not answer"]
    bench.recorder.up()
    bench.agg("4c")
    bench.pass_time(5)
    assert [(c["seq"], c["age"], c["prt"]["c"][0]["sum"]) for c in bench.sent()] == [
        (1, 10.0, 1),
        (2, 5.0, 2),
        (3, 0.0, 4),
    ]


def test_numbers_go_on_without_a_gap_when_an_idle_process_could_not_say_that_it_lives(bench: Bench) -> None:
    bench.recorder.down()
    for _ in range(10):
        bench.pass_time(5)
    bench.recorder.up()
    bench.pass_time(60)
    bench.pass_time(5)
    assert [(commit["seq"], commit["age"]) for commit in bench.sent()] == [(1, 105.0), (2, 0.0), (3, 0.0)]


def test_an_unanswered_commit_is_sent_again_under_the_same_number(bench: Bench) -> None:
    bench.recorder.replies.extend([Reply(), Reply(hang_up=True), Reply(hang_up=True)])
    bench.pass_time(5)
    bench.agg("7c")
    bench.pass_time(5)  # arrives, twice over, as the first attempt was on a kept connection; is not answered
    bench.agg("9c")
    bench.pass_time(5)
    first, second, third, fourth = bench.sent()[1:]
    assert [c["seq"] for c in (first, second, third, fourth)] == [2, 2, 2, 3]
    assert first["iid"] == third["iid"]
    assert first["prt"] == second["prt"] == third["prt"]
    assert [c["age"] for c in (first, second, third, fourth)] == [0.0, 0.0, 5.0, 0.0]


def test_a_connection_that_the_server_closed_is_no_failure(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.pass_time(5)
    bench.recorder.down()
    bench.recorder.up()
    bench.agg("1c")
    bench.pass_time(5)
    assert bench.sent()[-1]["prt"]["c"][0]["sum"] == 1
    assert caplog.records == []


@pytest.mark.parametrize("status", [400, 413])
def test_a_refused_commit_is_dropped_counted_and_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    refusal = Reply(status, body=b'{"ok":false,"error":"not finite","at":"prt.ms[2].cnt"}')
    bench.recorder.replies.extend([refusal, refusal])
    bench.agg("1c", "1c", "1c")
    bench.pass_time(5)
    bench.agg("1c")
    bench.pass_time(5)
    bench.pass_time(5)
    assert [c["seq"] for c in bench.sent()] == [1, 2, 3]
    # Three were lost with the first commit; the second had one, and the report of those three.
    assert bench.recorder.partials("dattss.lost")[-1]["sum"] == 4
    assert [record.getMessage() for record in caplog.records] == [
        f"DaTtSs server refused a commit for good, its values are lost (status {status}: not finite at prt.ms[2].cnt)"
    ]


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (Reply(401, body=b"{}"), "set DATTSS_AUTH_KEY"),
        (Reply(403, body=b""), "this key may only read"),
        (Reply(404, body=b"<html>"), "set DATTSS_URL"),
        (Reply(301, {"Location": "https://example.org/"}), "points to https://example.org/"),
        (Reply(200, body=b"<html>Welcome to the hotel"), "is no DaTtSs server"),
        (Reply(200, body=b"[1]"), "is no DaTtSs server"),
        (Reply(500, body=b'{"error":"boom"}'), "boom (status 500)"),
    ],
)
def test_who_can_mend_it_is_told_once_and_nothing_is_lost(
    bench: Bench, caplog: pytest.LogCaptureFixture, reply: Reply, advice: str
) -> None:
    bench.recorder.reply = reply
    for _ in range(4):
        bench.agg("1c")
        bench.pass_time(30)
    assert [advice in record.getMessage() for record in caplog.records] == [True]
    bench.recorder.reply = Reply()
    bench.pass_time(30)
    assert bench.recorder.total("new", "sum") == 4
    assert bench.recorder.partials("dattss.lost") == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_time_gets_it(bench: Bench, status: int) -> None:
    bench.recorder.replies.append(Reply(status, {"Retry-After": "40"}, b"{}"))
    bench.agg("1c")
    bench.pass_time(5)
    for _ in range(7):
        bench.agg("1c")
        bench.pass_time(5)
    assert len(bench.sent()) == 1
    bench.pass_time(5.2)
    assert [c["seq"] for c in bench.sent()] == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_time_to_wait_may_be_a_date_on_the_servers_clock(bench: Bench) -> None:
    dates = {"Retry-After": "Wed, 21 Oct 2015 07:28:40 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}
    bench.recorder.replies.append(Reply(503, dates, b"{}"))
    bench.agg("1c")
    bench.pass_time(5)
    bench.pass_time(34)
    assert len(bench.sent()) == 1
    bench.pass_time(7)
    assert bench.sent()[1]["seq"] == 1


def test_attempts_become_rarer_up_to_half_a_minute(bench: Bench) -> None:
    bench.recorder.reply = Reply(500)
    bench.agg("1c")
    bench.pass_time(5)
    attempts = [bench.clock.now]
    while bench.clock.now < 5000 + 600:
        before = len(bench.sent())
        bench.pass_time(0.25)
        if len(bench.sent()) > before:
            attempts.append(bench.clock.now)
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses[0] <= 1.25
    assert max(pauses) <= 30.25
    assert min(pauses[6:]) >= 15
    assert len(set(pauses)) > 5  # not all clients at the same moments


def test_a_short_failure_is_made_good_before_the_next_tick(bench: Bench) -> None:
    bench.recorder.replies.append(Reply(500))
    bench.agg("1c")
    pause = bench.pass_time(5)
    assert 0.5 <= pause <= 1.0
    bench.pass_time(pause)
    assert [c["seq"] for c in bench.sent()] == [1, 1]


def test_the_server_may_ask_for_another_interval(bench: Bench) -> None:
    bench.recorder.replies.append(Reply(body=b'{"ok":true,"ivl":20}'))
    assert bench.pass_time(5) == 20
    assert bench.pass_time(20) == 20


@pytest.mark.parametrize("wish", [b"0", b"-1", b"1e9", b'"x"', b"null", b"true", b"[]", b"NaN"])
def test_a_nonsensical_interval_is_not_heeded(bench: Bench, wish: bytes) -> None:
    bench.recorder.replies.append(Reply(body=b'{"ok":true,"ivl":' + wish + b"}"))
    assert bench.pass_time(5) == 5


def test_bad_values_are_counted_and_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.agg("12msXYZ", "1c")
    bench.pass_time(5)
    bench.agg("+5g", "NaN")
    bench.pass_time(5)
    assert [p["sum"] for p in bench.recorder.partials("dattss.bad")] == [1, 2]
    assert bench.recorder.total("new") == 1
    [message] = [record.getMessage() for record in caplog.records]
    assert "'12msXYZ'" in message
    assert "dattss.bad" in message


def test_values_beyond_the_last_tick_are_delivered_at_the_end(bench: Bench) -> None:
    bench.agg("1c")
    assert bench.reporter.finish(2.0) is True
    assert bench.recorder.total("new") == 1
    assert bench.reporter.finish(2.0) is True
    assert len(bench.sent()) == 1  # nothing new, nothing sent


def test_a_last_flush_that_fails_says_so(bench: Bench) -> None:
    bench.recorder.down()
    bench.agg("1c")
    assert bench.reporter.finish(2.0) is False


def test_a_last_flush_does_not_wait_for_a_server_that_hangs(bench: Bench) -> None:
    bench.recorder.open.clear()
    bench.agg("1c")
    begun = time.monotonic()
    assert bench.reporter.finish(0.2) is False
    assert time.monotonic() - begun < 3


def test_names_that_fell_idle_make_room_for_new_ones(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dattss.intake.MAX_STATS", 3)
    for name in ("a", "b", "c"):
        bench.agg("1c", name=name)
    bench.agg("1c", name="one.too.many")
    bench.pass_time(5)
    bench.agg("1c", name="a")
    late = bench.intake.lists["b"]  # as a thread has it that is about to append
    bench.pass_time(5)
    late.append("1c")
    bench.agg("1c", name="d")
    bench.pass_time(5)
    assert bench.recorder.total("dattss.lost", "sum") == 1
    assert bench.recorder.total("one.too.many") == 0
    assert [bench.recorder.total(name) for name in "abcd"] == [2, 2, 1, 1]


def test_nothing_of_this_is_written_to_the_root_logger(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.recorder.reply = Reply(401)
    with caplog.at_level(logging.DEBUG):
        bench.agg("1c")
        bench.pass_time(5)
    assert {record.name for record in caplog.records} == {"dattss"}
