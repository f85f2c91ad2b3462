"""Processes that belong to the server: started with it, started again when they die, ended with it."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger("dattss.children")

RESTART_SECONDS = 2.0
STOP_SECONDS = 10.0
_ATTACHED = str(Path(__file__).with_name("attached.py"))


class Child:
    """One process, kept alive by a thread of its own until `stop`. `arguments` follow the name of this Python."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str] | None = None,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self.name = name
        self._stop_seconds = stop_seconds
        self._command = [sys.executable, "-IS", _ATTACHED, str(os.getpid()), *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_alive, name=f"child-{name}", daemon=True)

    def start(self) -> None:
        """Starts the process, and again whenever it ends."""
        self._thread.start()

    def stop(self) -> None:
        """Asks the process to end (SIGTERM) and, after the seconds that it has for that, ends it."""
        self._ending.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(self._stop_seconds)
        if self._thread.is_alive() and self._process is not None:
            log.warning("%s did not stop within %.0f s and is killed.", self.name, self._stop_seconds)
            self._process.kill()

    def _keep_alive(self) -> None:
        while not self._ending.is_set():
            outcome = self._run()
            if not self._ending.is_set():
                log.warning("%s %s; it is started again.", self.name, outcome)
                self._ending.wait(RESTART_SECONDS)

    def _run(self) -> str:
        """Runs the process once; returns how that ended. Without memory or process numbers it cannot even begin."""
        try:
            # Started by this very thread, which lives as long as the child: the kernel sends the death signal when the
            # thread that forked ends.
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as problem:
            return f"cannot be started ({problem})"
        if self._ending.is_set():
            self._process.terminate()
        return f"ended with status {self._process.wait()}"


def host_agent(key: str, url: str) -> Child:
    """The agent that sends the figures of this machine to the server at `url`."""
    return Child("host agent", ["-m", "dattss.host"], {"DATTSS_AUTH_KEY": key, "DATTSS_URL": url})
