"""Programs that end, in processes of their own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import dattss
import pytest

from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Recorder

PACKAGE = str(Path(dattss.__file__).parent.parent)


def run(program: str | list[str], recorder: Recorder) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": PACKAGE, "DATTSS_AUTH_KEY": KEY, "DATTSS_URL": recorder.url}
    return subprocess.run(
        [sys.executable, *(["-c", program] if isinstance(program, str) else program)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_values_are_delivered_when_a_program_ends(recorder: Recorder) -> None:
    ended = run("import dattss; dattss.agg('query', '153ms'); dattss.agg('query', '12ms!')", recorder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert [(p["sum"], p["cnt"], p["emp"]) for p in recorder.partials("query")] == [(165, 2, True)]
    assert recorder.commits[0]["nam"] == "python"


def test_values_are_delivered_when_a_program_fails(recorder: Recorder) -> None:
    ended = run("import dattss; dattss.agg('new', '1c'); raise SystemExit(3)", recorder)
    assert ended.returncode == 3
    assert recorder.total("new") == 1


def test_a_program_that_never_counts_sends_nothing(recorder: Recorder) -> None:
    assert run("import dattss; dattss.process('idle')", recorder).stderr == ""
    assert recorder.commits == []


def test_values_counted_by_exit_handlers_are_delivered(recorder: Recorder) -> None:
    program = "import atexit, dattss; dts = dattss.process(); atexit.register(lambda: dts.agg('bye', '1c'))"
    assert run(program, recorder).stderr == ""
    assert recorder.total("bye") == 1


def test_a_server_that_hangs_delays_the_end_by_two_seconds_at_most(recorder: Recorder) -> None:
    recorder.open.clear()
    begun = time.monotonic()
    ended = run("import dattss; [dattss.process(f'p{n}').agg('new', '1c') for n in range(4)]", recorder)
    assert ended.returncode == 0
    assert time.monotonic() - begun < 6  # four times two would be eight


def test_an_absent_server_is_logged_and_does_not_change_the_exit_status(recorder: Recorder) -> None:
    recorder.down()
    ended = run("import dattss; dattss.agg('new', '1c')", recorder)
    assert ended.returncode == 0
    assert "DaTtSs server does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_multiprocessing_deliver_at_their_end(recorder: Recorder, tmp_path: Path, method: str) -> None:
    script = tmp_path / "jobs.py"
    script.write_text(
        "import multiprocessing, sys, dattss\n"
        "dts = dattss.process('jobs', interval=60)\n"
        "def work(n):\n"
        "    dts.agg('done', f'{n}c')\n"
        "if __name__ == '__main__':\n"
        "    dts.agg('started', '1c')\n"
        "    context = multiprocessing.get_context(sys.argv[1])\n"
        "    children = [context.Process(target=work, args=(n,)) for n in (1, 2)]\n"
        "    [child.start() for child in children]\n"
        "    [child.join() for child in children]\n"
    )
    ended = run([str(script), method], recorder)
    assert ended.stderr == ""
    assert recorder.total("done", "sum") == 3
    assert recorder.total("started") == 1
    assert len({commit["iid"] for commit in recorder.commits}) == 3
