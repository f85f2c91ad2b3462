"""What several test files share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from tests.server import Keys, Server, running

# How long an example takes says more of the machine than of the code.
hypothesis_settings.register_profile("any machine", deadline=None)
hypothesis_settings.load_profile("any machine")


# Tests that wait more than they calculate. Begun first, they have the others beside them instead of coming last, alone.
LONG = (
    "tests/stats/test_account_move.py",
    "tests/reliability/",
    "tests/alerts/test_alerts_end_to_end.py",
    "tests/browser/test_alerts.py",
    "tests/stats/test_redis_topology.py",
    "tests/stats/test_ingest_properties.py",
    "tests/stats/test_closed_accounts.py",
    "tests/browser/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long tests first; with `--no-loadscope-reorder` they are handed out in this order."""
    ranks = dict(zip(LONG, range(len(LONG)), strict=True))
    items.sort(key=lambda item: next((rank for path, rank in ranks.items() if item.nodeid.startswith(path)), len(LONG)))


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    # A good hash is slow on purpose; nothing here is about its strength.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not stop it; each makes accounts of its own."""
    yield from running(tmp_path_factory.mktemp("server") / "data")


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers, each call one with the settings given; whatever still runs at the end is killed."""
    servers: list[Server] = []

    def start(empty: bool = False, /, **environment: str) -> Server:
        servers.append(Server(tmp_path / f"data{len(servers)}", empty, **environment))
        return servers[-1].start()

    yield start
    for server in servers:
        server.kill()
        server.dismiss_clerk()


_serial = iter(range(1_000_000))


@pytest.fixture
def keys(server: Server) -> Keys:
    """A new account on the shared server."""
    return server.new_account(f"person{next(_serial)}@example.org")
