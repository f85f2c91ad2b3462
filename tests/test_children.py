"""The processes that belong to the server."""

import sys
from pathlib import Path

import pytest

from dattss_site import children
from dattss_site.children import Child
from tests.server import wait_for


def test_a_child_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    python, sign = tmp_path / "python", tmp_path / "sign"
    monkeypatch.setattr(children, "RESTART_SECONDS", 0.05)
    monkeypatch.setattr(sys, "executable", str(python))
    child = Child("sleeper", ["-c", f"open({str(sign)!r}, 'w'); import time; time.sleep(60)"])
    monkeypatch.undo()
    monkeypatch.setattr(children, "RESTART_SECONDS", 0.05)
    child.start()
    try:
        wait_for(lambda: "sleeper cannot be started" in caplog.text, 5, "the failure in the log")
        python.symlink_to(sys.executable)
        wait_for(sign.exists, 10, "the child")
    finally:
        child.stop()
