"""Takes secrets out of the texts of errors before they leave the program: values whose key has a word of the deny-list,
private keys, our own keys, tokens after `Bearer`, and passwords in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = ("password", "passwd", "passphrase", "secret", "token", "api_key", "authorization", "cookie", "session")
HIDDEN = "***"

# All that repeats is bounded or excludes what follows it, so that a text of any form takes linear time.
_QUOTED = r"""\\*[bBrRuU]{0,2}\\*(?:"(?:\\.|[^"\\\n])*(?:"|$)|'(?:\\.|[^'\\\n])*(?:'|$))"""
_PLAIN = r"""(?:(?:bearer|basic|digest|token)[ ]+)?[^\s,;&"'<>()\[\]{}]+"""
_TO_THE_END = r"""[^\s"'][^\n"']*"""  # what a header has: `Cookie: a=1; b=2`
_PLACE_IN_A_STACK = r"(?!\d+:\d+\b)"  # `session.js:10:5` is no session
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,-]*")
_OUR_KEY = re.compile(r"(?<![0-9])[0-9]{1,20}_[0-9a-f]{40}")
_ADDRESS = re.compile(r"(://[^\s/:@]{0,200}:)[^\s/]{1,200}@")
_BEARER = re.compile(r"\b(bearer|basic)( +)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)


class Scrubber:
    """Knows the deny-list. `more` are words beside `WORDS`; `_` in a word stands for `-`, a space or nothing too."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        every = (*WORDS, *more)
        words = "|".join(re.escape(word).replace("_", "[-_ ]?") for word in every)
        self._beginnings = ("bearer", "basic", *(word.lower().partition("_")[0] for word in every))
        self._header = re.compile(rf"((?:authorization|cookie)[\w-]{{0,40}}: *){_TO_THE_END}", re.IGNORECASE)
        self._pair = re.compile(
            rf"""((?:{words})[\w.-]{{0,40}}\\*["']?\]?\s{{0,4}}(?:=>|[=:])\s{{0,4}}){_PLACE_IN_A_STACK}"""
            rf"(?:{_QUOTED}|{_PLAIN})",
            re.IGNORECASE | re.MULTILINE,
        )
        self._option = re.compile(rf"((?<![\w-])--[\w-]{{0,40}}?(?:{words})[\w-]{{0,40}}[ =]+)[^\s-]\S*", re.IGNORECASE)

    def scrub(self, text: str) -> str:
        """The text with `***` for each secret."""
        text = _PRIVATE_KEY.sub(HIDDEN, text)
        text = _OUR_KEY.sub(HIDDEN, text)
        text = _ADDRESS.sub(rf"\g<1>{HIDDEN}@", text)
        lower = text.lower()
        if not any(word in lower for word in self._beginnings):
            return text  # as most are; it takes a tenth of the time
        text = _BEARER.sub(rf"\g<1>\g<2>{HIDDEN}", text)
        text = self._header.sub(rf"\g<1>{HIDDEN}", text)
        text = self._pair.sub(rf"\g<1>{HIDDEN}", text)
        return self._option.sub(rf"\g<1>{HIDDEN}", text)
