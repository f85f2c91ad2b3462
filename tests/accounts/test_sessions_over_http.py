"""What the end of a session does to pages that are open in it, on a real server."""

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.browsing import Browser
from tests.server import Server

EMAIL, PASSWORD = "open-page@example.org", "correct-horse-battery"


def read_for_ever(page: ClientConnection) -> None:
    while True:
        page.recv(5)  # pages look by themselves only each 10 s


def test_logging_out_the_others_closes_their_live_pages_at_once(server: Server) -> None:
    keys = server.new_account(EMAIL, PASSWORD)
    here, there = Browser(server.url), Browser(server.url)
    for browser in (here, there):
        browser.send("/accounts/login/", login=EMAIL, password=PASSWORD)
    url = f"ws://127.0.0.1:{server.port}/ws/live/?account={keys.account}"
    with connect(url, origin=Origin(server.url), additional_headers={"Cookie": there.cookies}) as page:
        page.recv(10)
        here.send("/accounts/sessions/")
        with pytest.raises(ConnectionClosed) as closed:
            read_for_ever(page)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401
