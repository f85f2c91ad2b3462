"""Every websocket route with every kind of caller, compared with `access_table`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from channels.testing import WebsocketCommunicator
from django.db import connections

from accounts.models import SYSTEM_ACCOUNT_ID
from dattss_site.asgi import application
from stats.channel import channel_layer
from stats.engine_channel import engine_channel
from stats.urls import websocket_urlpatterns
from tests.accounts.access_table import CALLERS, WEBSOCKETS
from tests.accounts.tenants import Scene, set_the_scene

pytestmark = pytest.mark.django_db(transaction=True)

OWN_PAGE = (b"origin", b"http://testserver")


def test_the_table_has_every_websocket_and_no_other() -> None:
    assert {str(found.pattern) for found in websocket_urlpatterns} == set(WEBSOCKETS)


@pytest.mark.parametrize("route", WEBSOCKETS)
async def test_each_caller_hears_what_the_table_says(route: str) -> None:
    async with the_scene() as scene:
        got = {caller: await outcome(scene, caller, route) for caller in CALLERS}
    assert got == WEBSOCKETS[route]


@pytest.mark.parametrize(
    ("origin", "host", "code"),
    [
        (b"http://testserver", b"testserver", "ok"),
        (b"http://127.0.0.1:8000", b"anything.internal", "ok"),  # PUBLIC_URL, whatever a proxy makes of the host
        (b"https://evil.example", b"testserver", "4403"),
        (b"https://evil.example", b"evil.example", "4403"),  # a name that somebody lets point here
        (b"http://testserver.evil.example", b"testserver", "4403"),
        (b"http://testserver:81", b"testserver", "4403"),
        (b"null", b"testserver", "4403"),
        (b"", b"testserver", "4403"),
        (b"http://[", b"testserver", "4403"),
        (b"file://testserver", b"testserver", "4403"),
        (b"\xff\xfe", b"\xff\xfe", "4403"),
    ],
)
async def test_another_sites_page_hears_nothing(origin: bytes, host: bytes, code: str) -> None:
    async with the_scene() as scene:
        assert await outcome(scene, "owner", "ws/live/", [(b"origin", origin), (b"host", host)]) == code


async def test_a_route_that_does_not_exist_is_refused() -> None:
    async with the_scene() as scene:
        communicator = WebsocketCommunicator(application, "/ws/nowhere/", await headers_of(scene, "owner"))
        assert (await communicator.connect())[0] is False


async def outcome(scene: Scene, caller: str, route: str, page: list[tuple[bytes, bytes]] | None = None) -> str:
    """`ok` for one who is told of the account that he asked for, else the code of the refusal."""
    headers = [*await headers_of(scene, caller), *(page or [OWN_PAGE, (b"host", b"testserver")])]
    account = SYSTEM_ACCOUNT_ID if "demo" in route else scene.target(caller).account.pk
    query = "" if "demo" in route else f"?account={account}"
    communicator = WebsocketCommunicator(application, f"/{route}{query}", headers)
    assert (await communicator.connect())[0]
    # Who is admitted has the engine asked for what happens, who is not gets a code.
    asked = asyncio.create_task(channel_layer().receive(engine_channel(0)))
    told = asyncio.create_task(communicator.receive_output(5))
    await asyncio.wait((asked, told), return_when=asyncio.FIRST_COMPLETED)
    if told.done() and told.result()["type"] == "websocket.close":
        asked.cancel()
        return str(told.result()["code"])
    told.cancel()
    assert (await asked)["account"] == account
    await communicator.disconnect()
    return "ok"


async def headers_of(scene: Scene, caller: str) -> list[tuple[bytes, bytes]]:
    if caller in scene.keys:
        return [(b"authorization", f"Bearer {scene.keys[caller]}".encode())]
    cookies = (await sync_to_async(scene.client)(caller)).cookies
    return [(b"cookie", "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()).encode())]


@asynccontextmanager
async def the_scene() -> AsyncIterator[Scene]:
    """The scene, and a channel layer of this event loop."""
    channel_layers.backends.clear()
    yield await sync_to_async(set_the_scene)()
    channel_layers.backends.clear()
    # The thread that asked the database would keep its connection, and PostgreSQL its test database.
    await sync_to_async(connections.close_all)()
