import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dattss
import psutil
import pytest
from dattss.host import Growth, Machine, find_disks, main, mount_names
from dattss.values import is_name, parse_value
from hypothesis import given
from hypothesis import strategies as st

from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Recorder

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(dattss.__file__).parent.parent), "DATTSS_AUTH_KEY": KEY}


@pytest.fixture
def agent(recorder: Recorder) -> Iterator["subprocess.Popen[str]"]:
    arguments = [sys.executable, "-m", "dattss.host", "--name", "machine", "--interval", "0.2"]
    environment = {**ENVIRONMENT, "DATTSS_URL": recorder.url}
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_the_agent_tracks_the_machine_until_it_is_told_to_end(
    recorder: Recorder, agent: "subprocess.Popen[str]", end: signal.Signals
) -> None:
    recorder.wait(lambda: recorder.total("cpu") >= 2)
    agent.send_signal(end)
    _, errors = agent.communicate(timeout=20)
    assert (agent.returncode, errors) == (0, "")
    assert {commit["nam"] for commit in recorder.commits} == {"machine"}
    assert 0 < recorder.partials("mem.used")[0]["lst"] <= psutil.virtual_memory().total
    assert 0 <= recorder.partials("disk.root.used")[0]["lst"] <= 100
    assert recorder.partials("dattss.bad") == []
    # Each reading went into a commit, that after the last tick too.
    assert recorder.total("mem.used") == recorder.total("load")
    assert recorder.total("mem.used") - recorder.total("cpu") == 1  # the first has nothing to compare with


def test_without_a_key_the_agent_says_so_and_ends() -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "DATTSS_AUTH_KEY"}
    ended = subprocess.run(
        [sys.executable, "-m", "dattss.host"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert "set DATTSS_AUTH_KEY" in ended.stderr


@pytest.mark.parametrize("interval", ["0", "-5", "x", "nan"])
def test_an_interval_that_is_none_is_refused(interval: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--interval", interval])
    assert "--interval" in capsys.readouterr().err


def test_mount_points_become_names() -> None:
    assert mount_names(["/", "/home", "/mnt/data disk", "C:\\", "/srv/v1.2"]) == {
        "/": "root", "/home": "home", "/mnt/data disk": "mnt_data_disk", "C:\\": "C:", "/srv/v1.2": "srv_v1_2",
    }  # fmt: skip


@given(st.lists(st.text(max_size=150).map(lambda text: "/" + text), unique=True, max_size=30))
def test_any_mount_points_get_different_valid_names(mounts: list[str]) -> None:
    names = mount_names(mounts)
    assert list(names) == mounts
    assert len(set(names.values())) == len(mounts)
    assert all(is_name(f"disk.{name}.write") for name in names.values())


def test_a_growing_counter_is_reported_by_what_it_grew() -> None:
    growth = Growth()
    readings = [list(growth.since_last("net.in", total)) for total in (1000, 1500, 1500, 20, 50)]
    assert readings == [[], [("net.in", "500c")], [], [], [("net.in", "30c")]]


def test_every_reading_is_a_valid_value_under_a_valid_name() -> None:
    machine = Machine(find_disks())
    readings = [*machine.read(), *machine.read()]
    assert {"cpu", "mem.used", "mem.percent", "load", "disk.root.used"} <= {name for name, _ in readings}
    assert all(is_name(name) and parse_value(value) for name, value in readings)


def test_a_disk_that_cannot_be_read_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine({"/": "overlay", "/no/such/mount": "/dev/null"})
    names = [name for _ in range(2) for name, _ in machine.read()]
    assert names.count("disk.root.used") == 2
    assert "disk.no_such_mount.used" not in names
    assert len(caplog.records) == 1
