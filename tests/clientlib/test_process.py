"""What a program holds in its hand, with its real thread and a real server."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import dattss
import pytest
from dattss.intake import FULL
from dattss.tracker import SilentProcess
from hypothesis import given
from hypothesis import strategies as st

from tests.clientlib.conftest import KEY, NewProcess
from tests.clientlib.recorder import Recorder, Reply

junk = st.one_of(
    st.none(), st.text(), st.binary(), st.integers(), st.floats(), st.lists(st.integers()),
    st.dictionaries(st.text(), st.none()),
    st.sampled_from(["12ms\n", "1e3c", "NaN", "+5g", object(), type, ..., 1j, float("nan")]),
)  # fmt: skip


class Hostile(str):
    """A text that does not like to be touched."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError("do not touch")

    def __len__(self) -> int:
        raise RuntimeError("do not touch")

    def __repr__(self) -> str:
        raise RuntimeError("do not touch")


class Liar:
    """Fails when it is asked what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("do not ask")


def test_the_first_value_starts_the_delivery(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process("api")
    dts.agg("query", "153ms")
    recorder.wait(lambda: recorder.total("query", "sum") == 153)
    assert recorder.commits[0]["nam"] == "api"


def test_start_shows_the_process_before_its_first_value(recorder: Recorder, new_process: NewProcess) -> None:
    new_process("early").start()
    recorder.wait(lambda: len(recorder.commits) >= 2)
    assert {commit["nam"] for commit in recorder.commits} == {"early"}


def test_stop_delivers_what_is_there(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=3600)
    dts.agg("new", "1c")
    assert dts.stop() is True
    assert recorder.total("new") == 1


def test_after_stop_values_wait_for_start(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process()
    dts.agg("new", "1c")
    dts.stop()
    sent = len(recorder.commits)
    dts.agg("new", "2c")
    dts.agg("other", "4c")
    assert not [thread for thread in threading.enumerate() if thread.name == "dattss"]
    assert len(recorder.commits) == sent
    dts.start()
    recorder.wait(lambda: recorder.total("new", "sum") + recorder.total("other", "sum") == 7)


def test_stop_says_when_it_could_not_deliver(recorder: Recorder, new_process: NewProcess) -> None:
    recorder.down()
    dts = new_process()
    dts.agg("new", "1c")
    assert dts.stop() is False


@pytest.mark.parametrize("distinct", [False, True])
def test_no_value_of_any_thread_is_lost_or_doubled(recorder: Recorder, new_process: NewProcess, distinct: bool) -> None:
    dts = new_process(interval=0.01)
    switch, each = sys.getswitchinterval(), 20_000
    texts = [f"{number if distinct else 1}c" for number in range(each)]

    def count(own: str) -> None:
        for text in texts:
            dts.agg("shared", text)
            dts.agg(own, "1c")

    threads = [threading.Thread(target=count, args=(f"own{number}",)) for number in range(8)]
    sys.setswitchinterval(1e-5)  # threads interrupt one another in the worst places
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert dts.stop(10) is True
    assert recorder.total("shared") == 8 * each
    assert recorder.total("shared", "sum") == (8 * each * (each - 1) // 2 if distinct else 8 * each)
    assert [recorder.total(f"own{number}") for number in range(8)] == [each] * 8
    assert recorder.partials("dattss.lost") == recorder.partials("dattss.bad") == []
    assert len(recorder.commits) > 1  # it was folded and sent in the midst of it


def test_a_slow_server_does_not_hold_up_the_program(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=0.01)
    recorder.open.clear()
    dts.agg("new", "1c")
    recorder.wait(lambda: len(recorder.commits) == 1)
    begun = time.monotonic()
    for _ in range(20 * FULL):  # lists get full, and are folded, while the server keeps the other thread waiting
        dts.agg("new", "1c")
    assert time.monotonic() - begun < 2
    assert len(recorder.commits) == 1
    recorder.open.set()
    recorder.wait(lambda: recorder.total("new") == 20 * FULL + 1)


@given(st.lists(st.tuples(junk, junk), max_size=20))
def test_no_argument_whatever_raises_and_each_bad_one_is_counted(pairs: list[tuple[Any, Any]]) -> None:
    dts = dattss.process("api", auth=KEY, url="http://127.0.0.1:9", interval=3600)
    dts.stop(0)  # values wait: no thread for each example
    for name, value in pairs:
        dts.agg(name, value)
    prt = dts._intake.take()
    assert prt is not None
    counted = sum(p["cnt"] for kind in prt.values() for p in kind if p["nam"] != "dattss.bad")
    bad = sum(p["sum"] for p in prt["c"] if p["nam"] == "dattss.bad")
    assert counted + bad == len(pairs)


def test_objects_that_fight_back_are_counted_too(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process()
    dts.agg(Hostile("x"), "1c")  # its hash fails, but it is a text, and a name
    dts.agg("x", Hostile("2c"))
    dts.agg("x", Liar())  # type: ignore[arg-type]
    dts.agg(Liar(), "1c")  # type: ignore[arg-type]
    dts.agg("x", "4c")
    assert dts.stop() is True
    assert recorder.total("x", "sum") == 7
    assert recorder.total("dattss.bad", "sum") == 2


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_counts_for_itself(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process("shop")
    dts.agg("parent", "1c")
    recorder.wait(lambda: recorder.total("parent") == 1)
    dts.agg("parent", "1c")  # still in the parent's list when the child is born
    with dts._intake._lock:  # held by a thread that the child does not have
        child = os.fork()
        if child == 0:
            dts.agg("child", "1c")
            os._exit(0 if dts.stop() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    dts.agg("parent", "1c")
    dts.stop()
    assert recorder.total("parent") == 3
    assert recorder.total("child") == 1
    ids = {
        name: {c["iid"] for c in recorder.commits for p in c["prt"]["c"] if p["nam"] == name}
        for name in ("parent", "child")
    }
    assert len(ids["parent"]) == len(ids["child"]) == 1
    assert ids["parent"] != ids["child"]
    [child_commit] = [c for c in recorder.commits if c["iid"] in ids["child"]]
    assert child_commit["seq"] == 1
    assert child_commit["nam"] == "shop"


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_worker_forked_from_a_running_parent_delivers_by_itself(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process("prefork")
    dts.start()
    recorder.wait(lambda: len(recorder.commits) >= 1)
    child = os.fork()
    if child == 0:
        dts.agg("child", "1c")
        signal.pause()
    try:
        recorder.wait(lambda: recorder.total("child") == 1)
        iid = recorder.commits[0]["iid"]
        seen = len(recorder.commits)
        recorder.wait(
            lambda: iid in {commit["iid"] for commit in recorder.commits[seen:]}
        )  # the parent goes on as well
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_request_harms_neither_side(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=0.01)
    recorder.open.clear()
    dts.agg("parent", "1c")
    recorder.wait(lambda: recorder.total("parent") == 1)  # the thread is now reading, and holds the reader's lock
    child = os.fork()
    if child == 0:
        dts.agg("child", "1c")
        os._exit(0 if dts.stop(10) else 1)
    try:
        recorder.wait(lambda: recorder.total("child") == 1)
    finally:
        recorder.open.set()
        if recorder.total("child") == 0:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert dts.stop() is True
    assert recorder.total("parent") == len(recorder.partials("parent")) == 1


def test_a_signal_handler_may_count(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=3600)
    before = signal.signal(signal.SIGUSR1, lambda *_: dts.agg("signals", "1c"))
    try:
        with dts._intake._lock:  # as if it had interrupted the folding
            for _ in range(FULL + 10):
                signal.raise_signal(signal.SIGUSR1)  # the handler has run when this returns
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert dts.stop() is True
    assert recorder.total("signals") == FULL + 10


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("DATTSS_AUTH_KEY", "DATTSS_URL", "DATTSS_PROCESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("dattss.default._default", None)
    yield monkeypatch
    dattss.stop()


def test_settings_come_from_the_environment(recorder: Recorder, bare_environment: pytest.MonkeyPatch) -> None:
    bare_environment.setenv("DATTSS_AUTH_KEY", KEY)
    bare_environment.setenv("DATTSS_URL", recorder.url + "/")
    bare_environment.setenv("DATTSS_PROCESS", "from-env")
    dattss.agg("new", "1c")
    assert dattss.stop() is True
    [request] = recorder.requests
    assert request.commit["nam"] == "from-env"
    assert (request.headers["Authorization"], request.path) == (f"Bearer {KEY}", "/agg")


def test_a_process_is_named_after_its_script(bare_environment: pytest.MonkeyPatch) -> None:
    names = {"/srv/jobs.py": "jobs", "/srv/shop/__main__.py": "shop", "-c": "python", "": "python", "a b.py": "a_b"}
    for script, name in names.items():
        bare_environment.setattr(sys, "argv", [script])
        assert dattss.process(auth=KEY).name == name


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "set DATTSS_AUTH_KEY"),
        ({"auth": "a b"}, "the key is no key"),
        ({"auth": "0_1\r\nX: y"}, "the key is no key"),
        ({"auth": 5}, "the key is no key"),
        ({"auth": KEY, "url": "localhost:8000"}, "not an http:// or https:// address"),
        ({"auth": KEY, "url": "http://h:port"}, "DATTSS_URL"),
    ],
)
def test_without_key_or_address_values_go_nowhere_and_nothing_breaks(
    bare_environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wrong: dict[str, Any], told: str
) -> None:
    dts = dattss.process("api", **wrong)
    assert isinstance(dts, SilentProcess)
    dts.start()
    dts.agg("new", "1c")
    with dts.timer("t"):
        pass
    assert dts.stop() is True
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert told in record.getMessage()


@pytest.mark.parametrize(
    ("given_name", "used"), [("my shop", "my_shop"), ("..", "python"), ("x" * 200, "x" * 128), (7, "int")]
)
def test_a_name_that_is_none_is_made_one(caplog: pytest.LogCaptureFixture, given_name: Any, used: str) -> None:
    assert dattss.process(given_name, auth=KEY).name == used
    assert used in caplog.text


@pytest.mark.parametrize("interval", [0, -1, "5", None, float("nan"), float("inf")])
def test_an_interval_that_is_none_is_replaced(caplog: pytest.LogCaptureFixture, interval: Any) -> None:
    dattss.process("api", auth=KEY, interval=interval)
    assert "5 s are used" in caplog.text


def test_a_server_name_that_is_none_only_means_no_delivery(caplog: pytest.LogCaptureFixture) -> None:
    dts = dattss.process("api", auth=KEY, url="http://" + "x" * 70 + "..invalid/")
    dts.agg("new", "1c")
    assert dts.stop() is False
    assert "does not answer" in caplog.text


def test_the_thread_survives_what_nobody_expected(
    recorder: Recorder, new_process: NewProcess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = threading.Event()

    def break_once() -> int:
        monkeypatch.undo()
        broken.set()
        raise ZeroDivisionError("foreign code")

    monkeypatch.setattr("dattss.reporter.resident_bytes", break_once)
    dts = new_process()
    dts.agg("new", "1c")
    assert broken.wait(10)
    recorder.wait(lambda: recorder.total("new") == 1)
    assert "was not delivered" in caplog.text


def test_a_timer_times_blocks_functions_and_coroutines(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process()
    dts.start()
    took: list[float] = []  # seconds

    @dts.timer("function")
    def double(number: int) -> int:
        """Twice as much."""
        return 2 * number

    @dts.timer("coroutine", emphasis=True)
    async def wait() -> str:
        begun = time.perf_counter()
        await asyncio.to_thread(recorder.wait, lambda: len(recorder.commits) > 0)
        took.append(time.perf_counter() - begun)
        return "done"

    with dts.timer("block") as timer, timer:
        assert double(4) == 8
    with pytest.raises(KeyError), dts.timer("failed"):
        raise KeyError
    assert double.__doc__ == "Twice as much."
    assert asyncio.run(wait()) == "done"
    dts.stop()
    assert {name: recorder.total(name) for name in ("function", "block", "failed")} == {
        "function": 1,
        "block": 2,
        "failed": 1,
    }
    [coroutine] = recorder.partials("coroutine")
    assert coroutine["min"] >= 1000 * took[0] - 0.001  # it is told in steps of 1 µs
    assert (coroutine["typ"], coroutine["emp"]) == ("ms", True)


def test_many_processes_stop_with_an_unreachable_server_together(recorder: Recorder, new_process: NewProcess) -> None:
    recorder.reply = Reply(503, {"Retry-After": "100"})
    several = [new_process(f"p{number}") for number in range(3)]
    for dts in several:
        dts.agg("new", "1c")
    recorder.wait(lambda: len({commit["nam"] for commit in recorder.commits}) == 3)
    recorder.reply = Reply()
    assert [dts.stop() for dts in several] == [True, True, True]  # the last flush does not wait until the server's time
