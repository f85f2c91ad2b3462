"""Errors and warnings: what is one kind, what is counted, what is sent of it and when."""

import json
import logging
import logging.handlers
import os
import pickle
import queue
import signal
import threading
from collections.abc import Iterator
from typing import Any

import dattss
import pytest
from dattss import exceptions
from dattss.events import MOST_KINDS, ROOM, Told, merged
from dattss.outbox import LOST, Outbox
from dattss.scrub import Scrubber
from dattss.texts import LONGEST, beginning
from hypothesis import given
from hypothesis import strategies as st

from tests.clientlib.conftest import KEY, NewProcess
from tests.clientlib.recorder import Json, Recorder, Reply
from tests.clientlib.test_outbox import commit


def fail(order: object, error: type[Exception] = ValueError) -> None:
    raise error(f"payment {order} failed")


def caught(order: object, error: type[Exception] = ValueError) -> Exception:
    try:
        fail(order, error)
    except error as raised:
        return raised
    raise AssertionError


def unique(recorder: Recorder) -> list[Json]:
    """Each commit once, however often it came."""
    return list({(commit["iid"], commit["seq"]): commit for commit in recorder.commits}.values())


def events(recorder: Recorder) -> list[Json]:
    return [event for commit in unique(recorder) for event in commit.get("evt", [])]


def total(recorder: Recorder, field: str = "err") -> int:
    return sum(commit[field] for commit in unique(recorder))


@pytest.fixture
def dts(new_process: NewProcess) -> dattss.Process:
    return new_process(interval=3600)


@pytest.fixture
def logger(dts: dattss.Process) -> Iterator[logging.Logger]:
    made = logging.getLogger("shop")
    handler = dattss.LoggingHandler(dts)
    made.addHandler(handler)
    made.propagate = False
    yield made
    made.propagate = True
    made.removeHandler(handler)


def test_the_first_of_a_kind_is_sent_at_once_and_the_rest_is_counted(recorder: Recorder, dts: dattss.Process) -> None:
    dts.agg("query", "1ms")
    dts.error(caught(1))
    recorder.wait(lambda: len(recorder.commits) == 1)
    [first] = recorder.commits
    assert first["prt"] == {"c": [], "ms": [], "g": []}
    assert (first["err"], first["wrn"]) == (1, 0)
    [event] = first["evt"]
    assert (event["lvl"], event["msg"], event["typ"], event["cnt"]) == ("error", "payment 1 failed", "ValueError", 1)
    assert event["trc"].startswith("Traceback (most recent call last):\n")
    assert "in fail" in event["trc"]
    assert 0 <= event["age"] < 1
    for order in range(2, 1002):
        dts.error(caught(order))
    dts.stop()
    assert [(c["err"], c["evt"][0]["msg"], c["evt"][0]["cnt"]) for c in recorder.commits] == [
        (1, "payment 1 failed", 1),
        (1000, "payment 2 failed", 1000),
    ]


def test_new_kinds_are_sent_once_a_second_at_most(recorder: Recorder, dts: dattss.Process) -> None:
    dts.error("first")
    recorder.wait(lambda: len(recorder.commits) == 1)
    for number in range(50):
        dts.error(f"template {number} of %s", number)
    recorder.wait(lambda: total(recorder) == 51)
    assert len(recorder.commits) == 2


def test_what_tells_one_kind_from_another(recorder: Recorder, dts: dattss.Process) -> None:
    def chained(order: int) -> Exception:
        try:
            try:
                fail(order)
            except ValueError as cause:
                raise RuntimeError from cause
        except RuntimeError as error:
            return error
        raise AssertionError

    dts.stop()  # now all waits for the end
    for order in (1, 2):
        dts.error(caught(order))
        dts.error(caught(order, KeyError))
        dts.error(chained(order))
        dts.error("payment %s failed", order)
        dts.warning("payment %s failed", order)
        dts.error("payment failed")
        dts.error(f"payment of {order} failed")
    dts.stop()
    assert [(event["lvl"], event.get("typ", ""), event.get("tpl", ""), event["cnt"]) for event in events(recorder)] == [
        ("error", "ValueError", "", 2),
        ("error", "KeyError", "", 2),
        ("error", "RuntimeError", "", 2),
        ("error", "", "payment %s failed", 2),
        ("warning", "", "payment %s failed", 2),
        ("error", "", "payment failed", 2),
        ("error", "", "", 2),
    ]
    assert events(recorder)[-1]["loc"] == f"{__file__}:test_what_tells_one_kind_from_another"


def test_without_an_argument_the_exception_that_is_handled_is_told(recorder: Recorder, dts: dattss.Process) -> None:
    try:
        fail(7)
    except ValueError:
        dts.error()
    dts.stop()
    assert [event["msg"] for event in events(recorder)] == ["payment 7 failed"]


def test_groups_and_causes_are_in_the_stack(recorder: Recorder, dts: dattss.Process) -> None:
    try:
        try:
            fail(1)
        except ValueError as cause:
            raise ExceptionGroup("both", [caught(2), caught(3, KeyError)]) from cause
    except ExceptionGroup as group:
        dts.error(group)
    dts.stop()
    [event] = events(recorder)
    for part in ("direct cause", "ExceptionGroup: both (2 sub-exceptions)", "ValueError: payment 2", "KeyError: "):
        assert part in event["trc"]


def test_beyond_the_kinds_that_are_described_all_are_counted(recorder: Recorder, dts: dattss.Process) -> None:
    for number in range(3 * MOST_KINDS):
        dts.error(f"template {number} of %s", number)
        dts.warning(f"template {number} of %s", number)
    dts.stop()
    assert (total(recorder), total(recorder, "wrn")) == (3 * MOST_KINDS, 3 * MOST_KINDS)
    assert sum(event["cnt"] for event in events(recorder)) == MOST_KINDS


def test_texts_that_one_commit_has_no_room_for_are_in_the_next(recorder: Recorder, dts: dattss.Process) -> None:
    for number in range(MOST_KINDS):
        dts.error(f"template {number} of %s", "\U0001f4a5" * 10**5)
    assert dts.stop(20)
    assert len(recorder.commits) > 3
    assert len(events(recorder)) == total(recorder) == MOST_KINDS
    assert all(int(request.headers["Content-Length"]) < 2**20 for request in recorder.requests)
    assert all(len(json.dumps(request.commit)) < 8 * 2**20 for request in recorder.requests)


class Unprintable(Exception):
    """Fails when it is asked for its text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Recursive(Exception):
    """Tells of itself when it is asked for its text."""

    def __str__(self) -> str:
        self.args[0].error(self)
        return "round"


class Sealed(Exception):
    """Takes no attributes."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class Liar:
    """Fails when it is asked what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("do not ask")


def test_nothing_that_is_told_does_any_harm(recorder: Recorder, dts: dattss.Process) -> None:
    loop = ValueError("round")
    loop.__cause__ = RuntimeError("and round")
    loop.__cause__.__cause__ = loop
    hostile: list[Any] = [
        None, 5, b"bytes", object(), Liar(), ["list"], Unprintable(), Recursive(dts), Sealed("x"), loop,
        KeyboardInterrupt(), "\ud800\x00", ValueError("\ud800\x00"), "x" * 10**7, caught("y" * 10**7), "%s %d",
        ValueError, "\x1b[31m\u202e<b>",
    ]  # fmt: skip
    for one in hostile:
        dts.error(one)
        dts.error("value %d %s", one)
        dts.error("value %(name)s", one)
    dts.stop(20)
    # One more: an exception that told of itself.
    assert total(recorder) == 3 * len(hostile) + 1
    for event in events(recorder):
        assert all(len(text) < 16_384 for text in event.values() if isinstance(text, str))


def test_a_long_message_is_cut_with_a_notice_and_the_stack_keeps_its_frames(
    recorder: Recorder, dts: dattss.Process
) -> None:
    dts.error(caught("y" * 10**7))
    dts.stop(20)
    [event] = events(recorder)
    assert event["msg"].endswith("\n[cut: it had 10,000,015 characters]")
    assert len(event["msg"]) < LONGEST + 100
    assert "in fail" in event["trc"]
    assert "… [cut: " in event["trc"]


@given(st.integers(31_900, 32_100))
def test_no_part_of_a_secret_is_left_where_a_text_is_cut(length: int) -> None:
    key = "7_" + "1ba5" * 10
    text = "x y " * 16_000
    text = text[:length] + key + text[length:]
    assert "1ba5" not in Scrubber().scrub(beginning(text))


@given(st.integers(900, 1000), st.sampled_from([KEY, "postgres://u:1ba5%1ba5@db/x"]))
def test_no_part_of_a_secret_is_left_where_a_message_is_cut_in_a_stack(length: int, secret: str) -> None:
    text = "x " * (length // 2) + secret + " y" * 200
    assert "1ba5" not in Scrubber().scrub(exceptions.stack_of(caught(text)))


def test_secrets_are_hidden_in_message_and_stack(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=3600, scrub=["iban"])
    dts.error(caught("password=hunter2, iban: DE12"))
    dts.error("token=%s", "hunter2")
    dts.stop()
    assert "hunter2" not in json.dumps(recorder.commits)
    assert "DE12" not in json.dumps(recorder.commits)


def test_words_to_scrub_that_are_none_are_told_of(new_process: NewProcess, caplog: pytest.LogCaptureFixture) -> None:
    for junk in ("iban", [5], None, 7):
        new_process(scrub=junk)
    assert [record.getMessage().count("scrub is a list of words") for record in caplog.records] == [1, 1, 1, 1]


# --- once -------------------------------------------------------------------------------------------------------------
def test_an_exception_that_is_logged_and_then_caught_counts_once(
    recorder: Recorder, dts: dattss.Process, logger: logging.Logger
) -> None:
    error = caught(1)
    logger.error("order %s", 1, exc_info=error)
    logger.getChild("request").exception("Internal Server Error", exc_info=error)
    dts.caught(error)
    dts.error(error)
    dts.stop()
    assert total(recorder) == 1


def test_what_the_program_tells_twice_counts_twice(recorder: Recorder, dts: dattss.Process) -> None:
    error = caught(1)
    dts.error(error)
    dts.error(error)
    dts.caught(error)
    dts.stop()
    assert total(recorder) == 2


def test_a_warning_that_becomes_an_error_is_both(
    recorder: Recorder, dts: dattss.Process, logger: logging.Logger
) -> None:
    error = caught(1)
    logger.warning("again", exc_info=error)
    dts.caught(error)
    dts.stop()
    assert (total(recorder), total(recorder, "wrn")) == (1, 1)


def test_an_exception_that_was_told_can_still_be_pickled(dts: dattss.Process) -> None:
    error = caught(1)
    dts.error(error)
    assert str(pickle.loads(pickle.dumps(error))) == "payment 1 failed"


# --- logging ----------------------------------------------------------------------------------------------------------
def test_records_become_warnings_and_errors(recorder: Recorder, dts: dattss.Process, logger: logging.Logger) -> None:
    dts.stop()
    logger.setLevel(logging.DEBUG)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "order %s", level)
    dts.stop()
    fields = ("lvl", "msg", "tpl", "log", "cnt")
    assert [tuple(event[field] for field in fields) for event in events(recorder)] == [
        ("warning", "order 30", "order %s", "shop", 1),
        ("error", "order 40", "order %s", "shop", 2),
    ]


def test_a_text_of_the_code_is_a_template_and_one_that_is_put_together_is_not(
    recorder: Recorder, dts: dattss.Process, logger: logging.Logger
) -> None:
    dts.stop()
    for order in (1, 2):
        logger.error("disk is full")
        logger.error(f"order {order} failed")
        logger.error("%s", order)
    dts.stop()
    here = f"{__file__}:test_a_text_of_the_code_is_a_template_and_one_that_is_put_together_is_not"
    assert [(event["msg"], event.get("tpl"), event["loc"], event["cnt"]) for event in events(recorder)] == [
        ("disk is full", "disk is full", here, 2),
        ("order 1 failed", None, here, 4),
    ]


def test_exceptions_are_logged_with_type_and_stack(
    recorder: Recorder, dts: dattss.Process, logger: logging.Logger
) -> None:
    logger.error(caught(1))
    try:
        fail(2, KeyError)
    except KeyError:
        logger.exception("while paying %s", 2)
    dts.stop()
    first, second = events(recorder)
    assert (first["typ"], first["msg"]) == ("ValueError", "payment 1 failed")
    assert (second["typ"], second["msg"]) == ("KeyError", "while paying 2: 'payment 2 failed'")
    assert "in fail" in second["trc"]


def test_behind_a_queue_stack_and_type_are_read_from_the_text(recorder: Recorder, dts: dattss.Process) -> None:
    dts.stop()  # now all waits for the end
    made = logging.getLogger("queued")
    handler = logging.handlers.QueueHandler(queue.SimpleQueue())
    listener = logging.handlers.QueueListener(handler.queue, dattss.LoggingHandler(dts))
    made.addHandler(handler)
    listener.start()
    for order in (3, 4):
        try:
            fail(order)
        except ValueError:
            made.exception("while paying %s", order)
    made.error("order %s", 1)
    made.error("order %s", 2)
    listener.stop()
    made.removeHandler(handler)
    dts.stop()
    failed, plain = events(recorder)
    found = (failed["msg"], failed["typ"], failed["log"], failed["cnt"])
    assert found == ("while paying 3", "ValueError", "queued", 2)
    assert failed["trc"].startswith("Traceback (most recent call last):\n")
    assert "in fail" in failed["trc"]
    assert (plain["cnt"], plain["loc"]) == (2, f"{__file__}:{failed['loc'].rpartition(':')[2]}")


def test_what_we_log_ourselves_is_not_told(recorder: Recorder, dts: dattss.Process) -> None:
    handler = dattss.LoggingHandler(dts)
    for name in ("dattss", "dattss.host"):
        handler.handle(logging.makeLogRecord({"name": name, "levelno": logging.ERROR, "msg": "own"}))
    handler.handle(logging.makeLogRecord({"name": "dattssx", "levelno": logging.ERROR, "msg": "foreign"}))
    dts.stop()
    assert [event["msg"] for event in events(recorder)] == ["foreign"]


def test_a_filter_of_the_handler_is_heeded(recorder: Recorder, dts: dattss.Process, logger: logging.Logger) -> None:
    logger.handlers[0].addFilter(lambda record: "noise" not in record.getMessage())
    logger.error("noise")
    logger.error("signal")
    dts.stop()
    assert [event["msg"] for event in events(recorder)] == ["signal"]


# --- delivery ---------------------------------------------------------------------------------------------------------
def test_errors_of_an_outage_are_counted_exactly_and_once(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process()
    recorder.reply = Reply(hang_up=True)
    for order in range(500):
        dts.error(caught(order))
    recorder.wait(lambda: len(recorder.commits) >= 2)
    recorder.reply = Reply()
    for order in range(500):
        dts.error(caught(order))
    assert dts.stop(20)
    assert total(recorder) == 1000
    assert sum(event["cnt"] for event in events(recorder)) == 1000


def test_threads_lose_nothing(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=0.01)

    def work(number: int) -> None:
        for order in range(2000):
            dts.error(caught(order))
            dts.warning(f"template {number} of %s", order)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dts.stop(20)
    assert (total(recorder), total(recorder, "wrn")) == (16_000, 16_000)
    assert sum(event["cnt"] for event in events(recorder)) == 32_000


def test_a_signal_handler_may_tell_of_errors(recorder: Recorder, new_process: NewProcess) -> None:
    dts = new_process(interval=0.01)
    told = [0]

    def handle(*_: object) -> None:
        dts.error(f"template {told[0]} of %s", 1)
        told[0] += 1

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for order in range(20_000):
            dts.error("order %s", order)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert dts.stop(20)
    assert told[0] > 10
    assert total(recorder) == 20_000 + told[0]


def test_a_forked_child_tells_its_own(recorder: Recorder, dts: dattss.Process) -> None:
    dts.error(caught(1))
    child = os.fork()
    if child == 0:
        dts.error(caught(2))
        dts.stop(5)
        os._exit(0)
    os.waitpid(child, 0)
    dts.stop()
    assert sorted(event["msg"] for event in events(recorder)) == ["payment 1 failed", "payment 2 failed"]
    assert len({commit["iid"] for commit in recorder.commits}) == 2


@pytest.mark.parametrize(("auth", "told"), [(KEY, (3, 2)), ("", (0, 0))])
def test_errors_and_warnings_are_told_with_a_key_and_without_one_nobody_is_asked(
    recorder: Recorder,
    new_process: NewProcess,
    monkeypatch: pytest.MonkeyPatch,
    auth: str,
    told: tuple[int, int],
) -> None:
    monkeypatch.delenv("DATTSS_AUTH_KEY", raising=False)
    dts = new_process(auth=auth, interval=3600)
    dts.start()
    dts.error(caught(1))
    dts.warning("x %s", 1)
    dts.caught(caught(2))
    for level in (logging.WARNING, logging.ERROR):
        dts.logged(logging.LogRecord("shop", level, __file__, 1, "y %s", (1,), None))
    assert dts.stop()
    assert (total(recorder), total(recorder, "wrn")) == told
    assert bool(recorder.commits) == bool(auth)


# --- the outbox -------------------------------------------------------------------------------------------------------
def told(kind: int, cnt: int = 1, text: str = "", at: float = 0.0) -> Told:
    return Told(kind, {"lvl": "error", "msg": text}, at, cnt)


def test_joined_commits_tell_each_kind_once_with_its_newest_text() -> None:
    outbox = Outbox(max_commits=1)
    for minute, cnt, text in ((1, 2, "first"), (1, 3, "second")):
        made = commit(minute, err=cnt, end=float(cnt))
        made.told = [told(1, cnt, text, at=cnt - 0.5)]
        outbox.put(made)
    oldest = outbox.oldest()
    assert oldest is not None
    assert oldest.facts["err"] == 5
    assert oldest.evt() == [{"lvl": "error", "msg": "second", "age": 0.5, "cnt": 5}]


def test_kinds_that_have_no_room_when_commits_are_joined_are_counted_only() -> None:
    kinds = [told(number, text="x" * 10_000) for number in range(50)]
    kept = merged(kinds)
    assert [one.kind for one in kept] == list(range(50 - len(kept), 50))
    assert ROOM - 11_000 < sum(one.characters() for one in kept) <= ROOM


def test_texts_of_errors_take_a_bounded_room() -> None:
    outbox = Outbox(max_texts=250)
    for minute in range(5):
        made = commit(minute, {"new": [1]}, err=1)
        made.told = [told(minute, text="x" * 100)]
        outbox.put(made)
    left = []
    while (oldest := outbox.oldest()) is not None:
        left.append((oldest.facts["err"], len(oldest.told)))
        outbox.delivered()
    assert left == [(1, 0), (1, 0), (1, 0), (1, 1), (1, 1)]
    assert outbox.lost == 0


def test_errors_that_are_lost_are_counted_as_lost() -> None:
    outbox = Outbox()
    outbox.put(commit(1, {LOST: [10], "new": [1, 2]}, err=4))
    outbox.refused()
    assert outbox.lost == 16
