"""schemathesis calls a real server by its OpenAPI document: no 5xx, and no answer that the document does not have."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.accounts.routes import site_routes
from tests.server import Keys, Server, running
from tests.stats.commits import body, partial

schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))  # what /api/schema/ tells

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One without limits: what is refused shall be so for what it is."""
    yield from running(tmp_path_factory.mktemp("openapi") / "data", DATTSS_RATE_LIMIT="0")


@pytest.fixture(scope="module")
def keys(server: Server) -> Keys:
    """An account with something of everything, so that answers have it too."""
    keys = server.new_account("alice@example.org")
    commit = body("api", partial("new", [1, 2]), partial("query", [53, 153], "ms"), partial("live", [23], "g"))
    event = {"lvl": "error", "msg": "boom", "typ": "ValueError", "trc": "Traceback", "age": 1.2, "cnt": 1}
    assert server.commit(keys.key, {**commit, "evt": [event, {**event, "lvl": "warning"}]}).status == 200
    return keys


def test_the_document_has_every_route_of_the_api() -> None:
    documented = {path.replace("{", "<").replace("}", ">").lstrip("/") for path in schema}
    assert documented == {route for route in site_routes() if route.startswith("api/v1/")}


@schema.parametrize()
@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_every_answer_is_in_the_document(case: schemathesis.Case[Any], server: Server, keys: Keys) -> None:
    key = keys.key if case.operation.path.endswith("/agg/") else keys.read_key
    case.call_and_validate(base_url=server.url, headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
