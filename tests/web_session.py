"""Somebody who is logged in to a real server, over HTTP and with cookies, but without a browser."""

import urllib.request
from contextlib import closing
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode

from tests.server import Reply, Server


class WebSession:
    """Logs in at once; follows redirects as a browser does."""

    def __init__(self, server: Server, email: str, password: str = "correct-horse-battery") -> None:
        self._url = server.url
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self.get("/accounts/login/")
        self.post("/accounts/login/", {"login": email, "password": password})

    def get(self, path: str) -> Reply:
        return self._ask(path, None)

    def post(self, path: str, fields: dict[str, str]) -> Reply:
        token = next(cookie.value or "" for cookie in self._jar if cookie.name == "csrftoken")
        return self._ask(path, urlencode({**fields, "csrfmiddlewaretoken": token}).encode())

    def _ask(self, path: str, body: bytes | None) -> Reply:
        try:
            with closing(self._opener.open(self._url + path, body, timeout=30)) as response:
                return Reply(response.status, dict(response.headers), response.read())
        except HTTPError as error:
            with closing(error):
                return Reply(error.code, dict(error.headers), error.read())
