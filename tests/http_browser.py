"""A browser without a screen: pages of a real server over HTTP, with cookies and forms."""

import http.cookiejar
import re
import urllib.parse
import urllib.request
from urllib.error import HTTPError

from tests.server import Reply, Server

PASSWORD = "correct-horse-battery"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class HttpBrowser:
    """One person's browser; it follows redirects."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self._token = ""

    def log_in(self, email: str, password: str = PASSWORD) -> "HttpBrowser":
        self.get("/accounts/login/")
        reply = self.post("/accounts/login/", login=email, password=password)
        assert "Log out" in reply.body.decode()
        return self

    def get(self, path: str) -> Reply:
        return self._open(urllib.request.Request(self._server.url + path))

    def post(self, path: str, **fields: str) -> Reply:
        """Sends a form, with the token of the page that was read last."""
        form = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": self._token}).encode()
        return self._open(urllib.request.Request(self._server.url + path, data=form))

    @property
    def cookies(self) -> str:
        """As a header has them, for websockets."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def _open(self, request: urllib.request.Request) -> Reply:
        try:
            with self._opener.open(request, timeout=30) as page:
                reply = Reply(page.status, dict(page.headers), page.read())
        except HTTPError as error:
            with error:
                reply = Reply(error.code, dict(error.headers), error.read())
        found = _TOKEN.search(reply.body.decode())
        self._token = found[1] if found else self._token
        return reply
