"""What a process is called and where it reports: arguments first, then the environment. Nothing here raises."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from dattss.values import clean_name, is_name

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_INTERVAL = 5.0  # seconds
_KEY = re.compile(r"[!-~]+")  # what may stand in a header; whether it is a key is for the server to say


class Configuration(NamedTuple):
    """Settings of one process. `auth` is empty when values have nowhere to go; `problems` are sentences for the log."""

    name: str
    auth: str
    url: str
    interval: float
    scrub: tuple[str, ...]
    problems: list[str]


def configure(  # noqa: PLR0913, PLR0917 - the arguments of `process()`
    name: object, auth: object, url: object, interval: object, scrub: object, environment: Mapping[str, str]
) -> Configuration:
    """The settings that follow from the arguments of `process()`, junk included, and from the environment."""
    problems: list[str] = []
    return Configuration(
        name=_name(name or environment.get("DATTSS_PROCESS"), problems),
        auth=_auth(auth or environment.get("DATTSS_AUTH_KEY"), problems),
        url=str(url or environment.get("DATTSS_URL") or DEFAULT_URL).strip(),
        interval=_interval(interval, problems),
        scrub=_words(scrub, problems),
        problems=problems,
    )


def script_name(argv: list[str]) -> str:
    """What the running program is called: `jobs` for `jobs.py`, `shop` for `python -m shop`, else `python`."""
    path = Path(argv[0] if argv else "")
    stem = path.parent.name if path.stem == "__main__" else path.stem
    return "python" if stem == "-c" else clean_name(stem, "python")


def _name(name: object, problems: list[str]) -> str:
    if not name:
        return script_name(sys.argv)
    if is_name(name):
        return str(name)
    cleaned = clean_name(name if isinstance(name, str) else type(name).__name__, "python")
    problems.append(f"a process name has 1 to 128 characters of A-Z a-z 0-9 _ . : ! -; this one is called {cleaned!r}")
    return cleaned


def _auth(auth: object, problems: list[str]) -> str:
    if not auth:
        problems.append("values are not sent: there is no key; set DATTSS_AUTH_KEY or auth=")
        return ""
    key = auth.strip() if isinstance(auth, str) else ""
    if not _KEY.fullmatch(key):
        problems.append("values are not sent: the key is no key; look at DATTSS_AUTH_KEY or auth=")
        return ""
    return key


def _interval(interval: object, problems: list[str]) -> float:
    if isinstance(interval, (int, float)) and 0.01 <= interval <= 3600:
        return float(interval)
    problems.append(f"interval is a number of seconds from 0.01 to 3600; {DEFAULT_INTERVAL:g} s are used")
    return DEFAULT_INTERVAL


def _words(words: object, problems: list[str]) -> tuple[str, ...]:
    if isinstance(words, Iterable) and not isinstance(words, str):
        given = list(words)
        kept = tuple(word for word in given if isinstance(word, str) and word)
        if len(kept) == len(given):
            return kept
    else:
        kept = ()
    problems.append("scrub is a list of words, as in scrub=['iban']; what is none is left out")
    return kept
