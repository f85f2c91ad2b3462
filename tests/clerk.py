"""Runs `account_create` for the servers of a test run. Django takes a second to start, most of it for what others have
written: one process has that and forks one for each server.

`python -m tests.clerk SOCKET`. A connection is a server's: its first line is the server's environment as JSON, each
further one the address and the password of a new user. The answers are what the command prints. It says `open` when it
takes connections.
"""

import importlib
import io
import json
import os
import socketserver
import sys

_OF_OTHERS = (
    "argon2",
    "autobahn.websocket",
    "celery.app",
    "cryptography.x509",
    "django.contrib.auth.hashers",
    "django.core.mail",
    "django.db.models",
    "django.forms",
    "django.views.generic",
    "phonenumbers",
    "psycopg",
    "redis.asyncio",
    "requests",
)
_RUN_BY = os.getppid()


class Clerk(socketserver.StreamRequestHandler):
    """Of one server, in a process of its own."""

    def handle(self) -> None:
        os.environ.clear()
        os.environ.update(json.loads(self.rfile.readline()), DJANGO_SETTINGS_MODULE="dattss_site.settings")
        import django  # noqa: PLC0415
        from django.contrib.auth.hashers import Argon2PasswordHasher as Hasher  # noqa: PLC0415
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connections  # noqa: PLC0415

        django.setup()
        Hasher.time_cost, Hasher.memory_cost, Hasher.parallelism = 1, 8, 1  # who logs in gets a good hash
        for line in self.rfile:
            email, password = line.decode().split()
            told = io.StringIO()
            call_command("account_create", email, password=password, json=True, stdout=told)
            connections.close_all()  # the database may be started again before the next one
            self.wfile.write(told.getvalue().encode())


class Office(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Ends with the process that runs it."""

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != _RUN_BY:
            sys.exit()


if __name__ == "__main__":
    for name in _OF_OTHERS:
        importlib.import_module(name)
    with Office(sys.argv[1], Clerk) as office:
        print("open", flush=True)
        office.serve_forever()
