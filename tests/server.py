"""A real server in a process of its own, as `make run` starts it, for the tests that want one."""

import atexit
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 40.0
STOP_SECONDS = 30.0

T = TypeVar("T")


class Keys(NamedTuple):
    """A new account with its keys, as `account_create` prints them."""

    account: int
    key: str
    read_key: str


class Reply(NamedTuple):
    """What HTTP answered; `json` is None for a body that is none."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Server:
    """`manage.py up` in the folder `data`, on ports of its own. `environment` adds to its settings.

    An SQLite database that does not exist is a copy of one that was migrated once for all; not where `empty`: there the
    server makes it.
    """

    def __init__(self, data: Path, empty: bool = False, /, **environment: str) -> None:
        self.data = data
        self.port = free_port(socket.SOCK_STREAM)
        self.udp_port = free_port(socket.SOCK_DGRAM)
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "clientlib" / "python"),  # of this tree, whatever is installed
            "PORT": str(self.port),
            "UDP_PORT": str(self.udp_port),
            "DATTSS_DATA": str(data),
            **environment,
        }
        self._empty = empty
        self._process: subprocess.Popen[bytes] | None = None
        self._clerk: socket.socket | None = None
        self.log = data.parent / f"{data.name}.log"

    def start(self) -> "Server":
        self.begin()
        return self.wait_until_up()

    def begin(self) -> None:
        """Starts the process and does not wait for it."""
        database = self._database
        if database is not None and not (self._empty or database.exists()):
            database.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_migrated(), database)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def wait_until_up(self) -> "Server":
        wait_for(self._takes_commits, START_SECONDS, f"the server to take commits; its log: {self.log}")
        return self

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Ends the server and returns its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(with_signal)
        status = self._process.wait(STOP_SECONDS)
        self._process = None
        if with_signal != signal.SIGKILL:
            self.dismiss_clerk()
        return status

    def dismiss_clerk(self) -> None:
        """Ends the process that makes accounts."""
        if self._clerk is not None:
            self._clerk.close()
            self._clerk = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs another command of `manage.py` with the same settings."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def new_account(self, email: str, password: str = "correct-horse-battery") -> Keys:
        """What `account_create` makes."""
        if self._clerk is None:
            self._clerk = socket.socket(socket.AF_UNIX)
            self._clerk.settimeout(START_SECONDS)
            self._clerk.connect(str(_clerks()))
            self._clerk.sendall(json.dumps(self.environment).encode() + b"\n")
        self._clerk.sendall(f"{email} {password}\n".encode())
        with self._clerk.makefile() as told:
            facts = json.loads(told.readline())
        return Keys(facts["account"], facts["key"], facts["read_key"])

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """One HTTP request; `headers` are named with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.url + path, data=body, method=method, headers=named)
        try:
            with closing(urlopen(request, timeout=30)) as response:
                return Reply(response.status, dict(response.headers), response.read())
        except HTTPError as error:
            with closing(error):
                return Reply(error.code, dict(error.headers), error.read())

    def commit(self, key: str, body: dict[str, Any], path: str = "/agg") -> Reply:
        return self.request("PUT", f"{path}?auth={key}", json.dumps(body).encode())

    def mailed_link(self, email: str) -> str:
        """The first link of the newest mail to `email` in the outbox; waits for it."""

        def newest() -> str:
            mails = sorted((self.data / "outbox").glob("*"), key=lambda path: path.stat().st_mtime)
            texts = [text for text in (path.read_text() for path in mails) if f"To: {email}" in text]
            found = re.search(r"https?://\S+", texts[-1]) if texts else None
            return found[0] if found else ""

        return wait_for(newest, 10, f"a mail with a link to {email}")

    def lines(self, account: int, process: str, kind: str, name: str) -> list[list[str]]:
        """All lines of a stat's files, days in order, each split at its commas."""
        found = sorted((self.data / "stats" / str(account)).glob(f"*/{process}/{kind}_{name}.prt"))
        return [line.split(",") for path in found for line in path.read_text().splitlines()]

    @property
    def _database(self) -> Path | None:
        """The file, where the database is one."""
        kind, _, place = self.environment.get("DATABASE_URL", "").partition(":///")
        if not kind:
            return self.data / "dattss.sqlite3"
        return Path(place) if kind == "sqlite" else None

    def _takes_commits(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the server ended by itself:\n{self.log.read_text()[-3000:]}")
        try:
            return self.request("GET", "/healthz").status == 200
        except (URLError, OSError):
            return False


def wait_for(condition: Callable[[], T], seconds: float, what: str) -> T:
    """What `condition` returns as soon as that is true. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        _PAUSE.wait(0.05)


_PAUSE = threading.Event()  # never set: between two looks at a condition, nothing is assumed to have happened


@cache
def _clerks() -> Path:
    """The socket of `tests.clerk`, which runs until this process ends."""
    path = _own_folder("clerk-") / "socket"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "clientlib" / "python")}
    command = [sys.executable, "-m", "tests.clerk", str(path)]
    office = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    atexit.register(office.communicate)
    atexit.register(office.kill)
    assert office.stdout is not None
    assert office.stdout.readline() == b"open\n"
    return path


@cache
def _migrated() -> Path:
    """A database with all tables and nothing in them, as a server makes it at its first start."""
    folder = _own_folder("migrated-")
    environment = {**os.environ, "DATTSS_DATA": str(folder), "DATABASE_URL": ""}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    return folder / "dattss.sqlite3"


def _own_folder(prefix: str) -> Path:
    """A folder of this process, which goes with it."""
    folder = tempfile.TemporaryDirectory(prefix=prefix)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def free_port(kind: int) -> int:
    """A port that nobody uses, below those that the kernel gives to clients: while a server is away, a client that
    tries to reach it could be given the server's own port, and then the server could not come back."""
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def running(data: Path, **environment: str) -> Iterator[Server]:
    """For fixtures: a started server, stopped at the end."""
    server = Server(data, **environment).start()
    yield server
    server.stop()
