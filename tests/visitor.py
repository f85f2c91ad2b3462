"""A person with a browser that runs no scripts: cookies, the log-in form, and the API by session."""

import json
import re
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from tests.server import Reply, Server

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


class Visitor:
    """Somebody at a server; logged in after `log_in`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))

    def log_in(self, email: str, password: str = "correct-horse-battery") -> "Visitor":
        """Fills in the log-in page."""
        page = self.send("GET", "/accounts/login/")
        found = _TOKEN.search(page.body)
        assert found is not None
        form = {"login": email, "password": password, "csrfmiddlewaretoken": found[1].decode()}
        answer = self.post("/accounts/login/", form)
        assert answer.status == 200
        assert self._cookie("dattss_session")
        return self

    def api(self, method: str, path: str, said: Any = None) -> Reply:
        """A request to the API as a page's script makes it."""
        body = None if said is None else json.dumps(said).encode()
        return self.send(method, f"/api/v1/{path}", body, "application/json")

    def post(self, path: str, fields: dict[str, str]) -> Reply:
        """A form, filled in."""
        return self.send("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Reply:
        """Any request; redirects are followed."""
        headers = {"Referer": self._server.url, "X-CSRFToken": self._cookie("dattss_csrf")}
        if kind:
            headers["Content-Type"] = kind
        request = Request(self._server.url + path, body, headers, method=method)
        try:
            with self._opener.open(request, timeout=30) as answer:
                return Reply(answer.status, dict(answer.headers), answer.read())
        except HTTPError as error:
            with error:
                return Reply(error.code, dict(error.headers), error.read())

    def _cookie(self, name: str) -> str:
        return next((str(cookie.value) for cookie in self._cookies if cookie.name == name), "")
