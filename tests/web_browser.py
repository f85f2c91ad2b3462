"""A browser without a screen: keeps cookies, and sends forms with their token, to a real server."""

import re

import requests

from tests.server import Server

PASSWORD = "correct-horse-battery"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class WebBrowser(requests.Session):
    """A new browser on a server's pages. `headers` go with each request, as a load balancer would add them."""

    def __init__(self, server: Server, **headers: str) -> None:
        super().__init__()
        self.trust_env = False
        self._url = server.url
        self.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    def open(self, path: str) -> requests.Response:
        return self.get(self._url + path, timeout=30)

    def submit(self, path: str, token_from: str = "/accounts/login/", **fields: str) -> requests.Response:
        """Posts the form at `path`; the token comes from a page that has one."""
        found = _TOKEN.search(self.open(token_from).text)
        token = {"csrfmiddlewaretoken": found[1]} if found else {}
        return self.post(self._url + path, {**fields, **token}, timeout=30)

    def log_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.submit("/accounts/login/", login=email, password=password)

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
