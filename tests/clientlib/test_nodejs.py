"""The Node.js client: its own tests, and programs that use it against our recorder."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Recorder, Reply

NODE = shutil.which("node")
PACKAGE = Path(__file__).parents[2] / "clientlib" / "nodejs"

pytestmark = pytest.mark.skipif(NODE is None, reason="no node; install it with: apt-get install nodejs")


def run(program: str, recorder: Recorder, *arguments: str, key: str = KEY) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DATTSS_AUTH_KEY": key, "DATTSS_URL": recorder.url, "DATTSS_PROCESS": "script"}
    return subprocess.run(
        [str(NODE), "-e", f"const dattss = require({str(PACKAGE)!r}); {program}", "--", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_clients_own_tests_pass() -> None:
    ended = subprocess.run(
        [str(NODE), "--test", "test/"], cwd=PACKAGE, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout[-5000:]
    assert "# fail 0" in ended.stdout or "fail 0" in ended.stdout


def test_values_are_delivered_when_a_program_ends(recorder: Recorder) -> None:
    begun = time.monotonic()
    ended = run("const dts = dattss.process(); dts.agg('query', '153ms'); dts.agg('query', '12ms!')", recorder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert time.monotonic() - begun < 4  # it did not wait for the interval
    assert [(p["sum"], p["cnt"], p["emp"]) for p in recorder.partials("query")] == [(165, 2, True)]
    [request] = recorder.requests
    assert request.commit["nam"] == "script"
    assert request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("arguments", [["--dattss-auth", "5_abc"], ["--other", "--dattss-auth=5_abc"]])
def test_the_key_may_stand_on_the_command_line(recorder: Recorder, arguments: list[str]) -> None:
    ended = run("dattss.process('api').agg('new', '1c')", recorder, *arguments, key="")
    assert ended.stderr == ""
    assert [request.headers["Authorization"] for request in recorder.requests] == ["Bearer 5_abc"]


def test_the_key_may_be_an_option(recorder: Recorder) -> None:
    run(f"dattss.process({{ name: 'api', auth: '6_def', url: '{recorder.url}' }}).agg('new', '1c')", recorder)
    assert [request.headers["Authorization"] for request in recorder.requests] == ["Bearer 6_def"]
    assert recorder.commits[0]["nam"] == "api"


def test_ticks_never_keep_a_program_alive(recorder: Recorder) -> None:
    ended = run("const dts = dattss.process({ interval: 0.01 }); dts.start(); setTimeout(() => {}, 300)", recorder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(recorder.commits) > 3
    assert len({request.peer for request in recorder.requests}) == 1  # one connection, kept


def test_stop_is_enough_before_an_explicit_exit(recorder: Recorder) -> None:
    program = "const dts = dattss.process(); dts.agg('new', '1c'); dts.stop().then((ok) => process.exit(ok ? 7 : 8))"
    assert run(program, recorder).returncode == 7
    assert recorder.total("new") == 1


def test_a_server_that_hangs_delays_the_end_by_two_seconds_at_most(recorder: Recorder) -> None:
    recorder.open.clear()
    begun = time.monotonic()
    ended = run("for (const n of [1, 2, 3]) dattss.process(`p${n}`).agg('new', '1c')", recorder)
    assert ended.returncode == 0
    assert 1.5 < time.monotonic() - begun < 5


def test_a_program_without_a_free_file_goes_on(recorder: Recorder) -> None:
    # The memory of a process is read from a file, so nobody can say what it is then.
    program = f"""
        const dts = require({str(PACKAGE)!r}).process({{ interval: 0.02 }});
        const files = [];
        const takeAll = () => {{ try {{ for (;;) files.push(fs.openSync('/dev/null')); }} catch (error) {{}} }};
        const after = (seq, next) => {{
          const looking = setInterval(() => {{
            if (dts._courier._seq < seq || dts._outbox.length > 0) return;
            clearInterval(looking);
            next();
          }}, 5);
        }};
        dts.start();
        after(1, () => {{
          takeAll();
          dts.agg('new', '1c');
          after(dts._courier._seq + 2, () => files.forEach((file) => fs.closeSync(file)));
        }});
    """
    environment = {**os.environ, "DATTSS_AUTH_KEY": KEY, "DATTSS_URL": recorder.url}
    ended = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -n 64; exec "$0" -e "$1"', str(NODE), program],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert recorder.total("new") == 1
    assert {"mem" in commit for commit in recorder.commits} == {True, False}


def test_an_absent_server_is_told_of_and_does_not_change_the_exit_status(recorder: Recorder) -> None:
    recorder.down()
    ended = run("dattss.process().agg('new', '1c')", recorder)
    assert ended.returncode == 0
    assert "DaTtSs server does not answer" in ended.stderr


def test_values_of_an_outage_arrive_later_with_their_age(recorder: Recorder) -> None:
    recorder.reply = Reply(503, {"Retry-After": "0"})
    program = """
        const dts = dattss.process({ interval: 0.05 });
        let count = 0;
        const counting = setInterval(() => { dts.agg('new', '1c'); count += 1; }, 10);
        process.stdin.once('data', () => { clearInterval(counting); process.stdin.destroy(); });
        process.on('exit', () => console.log(count));
    """
    environment = {**os.environ, "DATTSS_AUTH_KEY": KEY, "DATTSS_URL": recorder.url}
    with subprocess.Popen(
        [str(NODE), "-e", f"const dattss = require({str(PACKAGE)!r}); {program}"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as running:  # fmt: skip
        recorder.wait(lambda: len(recorder.commits) >= 3)
        refused = len(recorder.commits)
        recorder.reply = Reply()
        recorder.wait(lambda: recorder.commits[-1]["seq"] >= 4)
        output, _ = running.communicate("stop\n", timeout=20)
    accepted = recorder.commits[refused:]
    assert {commit["seq"] for commit in recorder.commits[:3]} == {1}
    assert recorder.commits[2]["age"] > recorder.commits[0]["age"]
    assert [commit["seq"] for commit in accepted] == sorted(commit["seq"] for commit in accepted)
    assert recorder.total("new") == int(output)
