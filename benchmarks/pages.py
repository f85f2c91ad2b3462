"""Row `pages`: every page of settings of a server with a thousand accounts of ten people, as a browser waits for it."""

import subprocess
import sys
import time
from statistics import median

from benchmarks.report import Bar, Line, middle
from benchmarks.servers import dattss
from tests.accounts.access_table import ROUTES
from tests.accounts.routes import fill, parameters
from tests.server import ROOT, Server

_CROWD = """
import django; django.setup()
from django.conf import settings
from django.test import Client
from tests.accounts.crowd import make_crowd
account = make_crowd()
client = Client()
client.force_login(account.memberships.order_by("pk")[0].user)
print(account.pk, f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
"""
_OF_SETTINGS = ("profile/", "accounts/", "a/<account_id>/")


def measure(rounds: int = 15) -> list[Line]:
    """The slowest page's median, and that of all pages."""
    with dattss(cpu=None) as (server, _):
        account, cookie = _crowd(server)
        # The first answer of each page also reads its template.
        waits = {path: _waits(server, path, cookie, rounds + 1)[1:] for path in _pages(account)}
    slowest = max(waits, key=lambda path: median(waits[path]))
    everything = [wait for page in waits.values() for wait in page]
    return [
        middle(
            "the slowest page of settings, 1,000 accounts of 10",
            "ms",
            waits[slowest],
            bar=Bar("ours", 100),
            note=slowest,
        ),
        middle("all of them", "ms", everything),
    ]


def _crowd(server: Server) -> tuple[str, str]:
    """The account, and the cookie of its owner."""
    environment = {**server.environment, "DJANGO_SETTINGS_MODULE": "dattss_site.settings"}
    made = subprocess.run(
        [sys.executable, "-c", _CROWD], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    account, cookie = made.stdout.split()
    return account, cookie


def _pages(account: str) -> list[str]:
    found = [
        route
        for route, methods in ROUTES.items()
        if route.startswith(_OF_SETTINGS)
        and methods.get("GET", {}).get("owner") == "ok"  # not what he has not set up, or was not offered
        and set(parameters(route)) <= {"account_id"}
    ]
    # Not the one that ends the session.
    return [fill(route, {"account_id": account}) for route in found if "logout" not in route]


def _waits(server: Server, path: str, cookie: str, times: int) -> list[float]:
    waits = []
    for _ in range(times):
        begun = time.perf_counter()
        reply = server.request("GET", path, Cookie=cookie)
        waits.append((time.perf_counter() - begun) * 1000)
        if reply.status != 200:
            raise RuntimeError(f"{path} answered {reply.status}")
    return waits
