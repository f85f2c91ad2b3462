"""What several test files share."""

from collections.abc import Iterator

import pytest

from tests.server import Keys, Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not stop it; each makes accounts of its own."""
    yield from running(tmp_path_factory.mktemp("server") / "data")


_serial = iter(range(1_000_000))


@pytest.fixture
def keys(server: Server) -> Keys:
    """A new account on the shared server."""
    return server.new_account(f"person{next(_serial)}@example.org")
