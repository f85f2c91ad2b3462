"""Programs that die of what nobody caught: it is told, and they die as they would have."""

import os
import re
import subprocess
import sys

import pytest

from tests.clientlib.conftest import KEY
from tests.clientlib.recorder import Recorder
from tests.clientlib.test_events import events
from tests.clientlib.test_exit import PACKAGE

FAIL = "def fail():\n    raise ValueError('broken')\n"


def run(program: str, recorder: Recorder, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": PACKAGE, "DATTSS_AUTH_KEY": KEY, "DATTSS_URL": recorder.url}
    return subprocess.run(
        [sys.executable, *options, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ("fail()", 1),
        ("import threading; each = threading.Thread(target=fail, name='t'); each.start(); each.join()", 1),
        ("raise SystemExit(3)", 0),
        ("raise KeyboardInterrupt", 0),
        ("import threading, sys; each = threading.Thread(target=sys.exit); each.start(); each.join()", 0),
    ],
)
def test_a_program_dies_as_it_would_have(recorder: Recorder, death: str, told: int) -> None:
    start = f"import dattss\n{FAIL}dts = dattss.process('api')\n"
    bare = run(f"{start}{death}", recorder)
    assert recorder.commits == []
    died = run(f"{start}dattss.install_excepthook()\n{death}", recorder)
    assert (died.returncode, died.stdout) == (bare.returncode, bare.stdout)
    assert _without_numbers(died.stderr) == _without_numbers(bare.stderr)
    assert [(e["typ"], e["msg"], e["cnt"]) for e in events(recorder)] == [("ValueError", "broken", 1)] * told
    assert all("in fail" in event["trc"] for event in events(recorder))


def test_the_hook_that_was_there_is_called(recorder: Recorder) -> None:
    own = "import sys; sys.excepthook = lambda *_: print('own', file=sys.stderr)"
    died = run(f"import dattss\n{FAIL}{own}\ndattss.install_excepthook()\nfail()", recorder)
    assert (died.returncode, died.stderr) == (1, "own\n")
    assert len(events(recorder)) == 1


def _without_numbers(text: str) -> str:
    return re.sub(r"line \d+|\d{8,}", "", text)


def test_to_install_twice_tells_once(recorder: Recorder) -> None:
    run(f"import dattss\n{FAIL}dattss.install_excepthook()\ndattss.install_excepthook()\nfail()", recorder)
    assert [commit["err"] for commit in recorder.commits] == [1]
    assert recorder.commits[0]["nam"] == "python"


def test_what_tells_goes_to_the_process_that_was_made_first(recorder: Recorder) -> None:
    program = (
        "import dattss, logging\n"
        "dattss.process('api'); dattss.process('other')\n"
        "logging.getLogger().addHandler(dattss.LoggingHandler())\n"
        "logging.warning('slow %s', 1)\n"
        "dattss.error('payment %s', 2)\n"
        "dattss.warning('payment %s', 3)\n"
    )
    assert run(program, recorder).stderr == ""
    assert {commit["nam"] for commit in recorder.commits} == {"api"}
    assert sum(commit["err"] for commit in recorder.commits) == 1
    assert sum(commit["wrn"] for commit in recorder.commits) == 2
    assert {event["loc"] for commit in recorder.commits for event in commit["evt"]} == {"<string>:<module>"}


def test_bytes_warnings_are_not_provoked(recorder: Recorder) -> None:
    program = "import dattss\ndts = dattss.process('api')\nx = b'bytes'\ndts.error('bytes')\ndts.error('bytes %s', 1)\n"
    assert run(program, recorder, "-bb", "-W", "error").stderr == ""
    assert {event["tpl"] for event in events(recorder)} == {"bytes", "bytes %s"}
