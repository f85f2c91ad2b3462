"""The first log-in on a real server, by several browsers at the same time."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.browsing import Browser
from tests.server import Server

EMAIL, PASSWORD = "first@example.org", "correct-horse-battery"


def accounts_of(server: Server, email: str) -> int:
    with closing(sqlite3.connect(server.data / "dattss.sqlite3")) as database:
        asked = "SELECT count(*) FROM accounts_membership JOIN accounts_user u ON u.id = user_id WHERE u.email = ?"
        return int(database.execute(asked, [email]).fetchone()[0])


def test_of_several_first_log_ins_at_the_same_time_one_opens_the_account(server: Server) -> None:
    Browser(server.url).send("/accounts/signup/", email=EMAIL, password1=PASSWORD, team="")
    confirmed = Browser(server.url).send(server.mailed_link(EMAIL))
    assert f"Confirmed {EMAIL}" in confirmed
    assert accounts_of(server, EMAIL) == 0

    def come(_: int) -> str:
        return Browser(server.url).send("/accounts/login/", login=EMAIL, password=PASSWORD)

    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(come, range(4)))
    assert all("Log out" in page for page in pages)
    assert sum("new-key" in page for page in pages) == 1
    assert accounts_of(server, EMAIL) == 1
