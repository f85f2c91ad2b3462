"""What ends on SIGTERM does so whatever the signal interrupts."""

import signal

import dattss
import dattss.host
import pytest
from pytest_django import Settings

from dattss_site import all_shards
from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Recorder
from tests.interruptions import survivors
from tests.reliability import program

NOWHERE = "http://127.0.0.1:9"  # nobody listens on this port


def test_the_agent_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATTSS_AUTH_KEY", KEY)
    monkeypatch.setenv("DATTSS_URL", NOWHERE)
    assert survivors(lambda: dattss.host.main(["--interval", "0.02"]), "_track", range(1, 50)) == []


def test_the_parent_of_the_shards_ends(settings: Settings) -> None:
    settings.DATTSS_SHARDS = 0
    assert survivors(lambda: all_shards.serve_all(lambda: None), "serve_all", range(1, 60)) == []


def stopped_twice() -> None:
    dts = dattss.process("twice", auth=KEY, url=NOWHERE)
    signal.signal(signal.SIGTERM, lambda *_: dts.stop(0.2))
    dts.agg("count", "1c")
    dts.stop(0.2)


def test_a_program_ends_that_is_told_to_stop_in_the_middle_of_its_stop() -> None:
    assert survivors(stopped_twice, "_ask_to_end", range(1, 16)) == []


def counted_first_by_both() -> None:
    signal.signal(signal.SIGTERM, lambda *_: dattss.agg("count", "1c"))
    dattss.agg("count", "1c")
    dattss.stop(0.2)


def test_a_program_ends_that_counts_for_the_first_time_in_the_middle_of_doing_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATTSS_AUTH_KEY", KEY)
    monkeypatch.setenv("DATTSS_URL", NOWHERE)
    monkeypatch.setattr("dattss.default._default", None)
    assert survivors(counted_first_by_both, "default_process", range(1, 8)) == []


def test_the_program_of_the_rounds_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setenv("DATTSS_AUTH_KEY", KEY)
    monkeypatch.setenv("DATTSS_URL", recorder.url)
    assert survivors(lambda: program.main("program"), "main", range(20, 70)) == []
    recorder.down()
