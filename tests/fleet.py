"""Several servers that belong together, as on several machines: one Redis, one database, a shard or none each."""

import itertools
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests import redis_server
from tests.server import Keys, Server, free_port


class Fleet:
    """A data server for each shard, with folders of their own or with one that they share, and web nodes.

    `environment` goes to all of them. Servers are started by `start`, or one by one.
    """

    def __init__(self, folder: Path, shards: int, *, web: int = 0, shared: bool = False, **environment: str) -> None:
        self.redis_folder = folder / "redis"
        self.redis_folder.mkdir()
        self.redis_port = free_port(socket.SOCK_STREAM)
        self.redis = redis_server.start(self.redis_folder, self.redis_port)
        self._database = folder / "common.sqlite3"
        settings = {
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "DATABASE_URL": f"sqlite:///{self._database}",
            "SECRET_KEY": "of all of them",
            "DATTSS_SHARDS": str(shards),
            **environment,
        }

        def server(name: str, shard: str) -> Server:
            made = Server(folder / ("shared" if shared else name), DATTSS_SHARD=shard, **settings)
            made.log = folder / f"{name}.log"
            return made

        self.shards = [server(f"shard{number}", str(number)) for number in range(shards)]
        self.web = [server(f"web{number}", "none") for number in range(web)]

    def start(self) -> "Fleet":
        # The first migrates; the others start beside each other.
        for server in (*self.shards[:1], *self.web):
            server.begin()
            server.wait_until_up()
        for server in self.shards[1:]:
            server.begin()
        for server in self.shards[1:]:
            server.wait_until_up()
        return self

    def stop(self) -> list[int]:
        """Stops all, beside each other; the exit statuses."""
        with ThreadPoolExecutor() as threads:
            return list(threads.map(Server.stop, (*self.web, *self.shards)))

    def end(self) -> None:
        """Kills what still runs."""
        for server in (*self.web, *self.shards):
            server.kill()
            server.dismiss_clerk()
        self.stop_redis()

    def stop_redis(self) -> None:
        self.redis.kill()
        self.redis.wait()

    def start_redis(self) -> None:
        """An empty one: nothing of what the old one knew comes back."""
        self.redis = redis_server.start(self.redis_folder, self.redis_port)

    def account_on(self, shard: int) -> Keys:
        """A new account on that shard; new ones go to the least used, so one is found soon."""
        while True:
            keys = self.shards[0].new_account(f"person{next(_serial)}@example.org")
            if self.shard_of(keys) == shard:
                return keys

    def shard_of(self, keys: Keys) -> int:
        """The shard of an account, as the database says."""
        return int(self.query(f"SELECT shard FROM accounts_account WHERE id = {keys.account:d}")[0][0])

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """What their common database answers."""
        url = self.shards[0].environment["DATABASE_URL"]
        if url.startswith("sqlite:"):
            with closing(sqlite3.connect(self._database)) as database:
                return database.execute(sql).fetchall()
        with psycopg.connect(url) as postgres:
            return postgres.execute(sql.encode()).fetchall()


_serial = itertools.count()
