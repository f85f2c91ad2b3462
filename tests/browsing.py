"""A browser without pictures: fetches a form, fills it in, sends it, follows redirects, keeps cookies."""

import http.cookiejar
import re
import urllib.parse
import urllib.request

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    def __init__(self, url: str) -> None:
        self._url = url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    @property
    def cookies(self) -> str:
        """What a `Cookie` header of it says."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def get(self, path: str) -> str:
        """A page, of a path or of a whole address."""
        with self._opener.open(urllib.parse.urljoin(self._url, path), timeout=20) as page:
            return str(page.read().decode())

    def send(self, path: str, **fields: str) -> str:
        """The page that follows when the form at `path` is sent with `fields`."""
        token = _TOKEN.search(self.get(path))
        assert token
        form = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        with self._opener.open(urllib.parse.urljoin(self._url, path), form, timeout=20) as page:
            return str(page.read().decode())
