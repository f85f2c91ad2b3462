"""503: a process that cannot keep a commit says so, on both faces, and never takes it."""

import json
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from dattss_site.asgi import application
from stats import runtime
from tests.stats.commits import body, partial


@pytest.mark.parametrize("path", ["/agg", "/api/v1/agg/"])
async def test_without_an_engine_the_client_is_asked_to_come_again(path: str) -> None:
    assert runtime.shard is None
    raw = json.dumps(body("api", partial("new", [1]))).encode()
    scope: dict[str, Any] = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "query_string": b"auth=1_" + b"a" * 40,
        "headers": [(b"content-type", b"application/json"), (b"host", b"localhost")],
    }
    exchange = ApplicationCommunicator(application, scope)
    await exchange.send_input({"type": "http.request", "body": raw})
    start = await exchange.receive_output(5)
    answer = await exchange.receive_output(5)
    await exchange.wait(5)
    assert start["status"] == 503
    assert (b"Retry-After", b"1") in start["headers"]
    assert json.loads(answer["body"])["ok"] is False


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_without_an_engine(path: str) -> None:
    exchange = ApplicationCommunicator(application, {"type": "http", "method": "GET", "path": path, "headers": []})
    assert (await exchange.receive_output(5))["status"] == 503
