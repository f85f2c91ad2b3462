"""A browser without a screen: keeps cookies, follows redirects, and sends forms with their token, to a real server."""

import re
from typing import Any
from urllib.parse import urljoin

import requests

from tests.server import Server

PASSWORD = "correct-horse-battery"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_TOKEN_COOKIE = "dattss_csrf"
SECONDS = 30


class WebBrowser(requests.Session):
    """A new browser on a server's pages. `headers` go with each request, as a load balancer would add them."""

    def __init__(self, server: Server, **headers: str) -> None:
        super().__init__()
        self.trust_env = False
        self._url = server.url
        self.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    @classmethod
    def of(cls, server: Server, email: str, password: str = PASSWORD) -> "WebBrowser":
        """That of somebody who has just logged in."""
        browser = cls(server)
        assert "Log out" in browser.log_in(email, password).text
        return browser

    def open(self, path: str) -> requests.Response:
        """A page, of a path or of a whole address."""
        return self.get(urljoin(self._url, path), timeout=SECONDS)

    def submit(self, path: str, token_from: str = "/accounts/login/", **fields: str) -> requests.Response:
        """Posts the form at `path`; the first token comes from a page that has one."""
        return self.post(
            urljoin(self._url, path), {"csrfmiddlewaretoken": self._token(token_from), **fields}, timeout=SECONDS
        )

    def api(self, method: str, path: str, said: Any = None) -> requests.Response:
        """A request to the API as a page's script makes it."""
        headers = {"X-CSRFToken": self._token("/accounts/login/")} if method != "GET" else {}
        return self.request(method, f"{self._url}/api/v1/{path}", json=said, headers=headers, timeout=SECONDS)

    def log_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.submit("/accounts/login/", login=email, password=password)

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

    def _token(self, page: str) -> str:
        kept = self.cookies.get(_TOKEN_COOKIE)
        found = None if kept else _TOKEN.search(self.open(page).text)
        return kept or (found[1] if found else "")
