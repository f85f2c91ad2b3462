"""Names for the ear: a voice stumbles over signs, or says each of them by its name."""

import re
import unicodedata

LONGEST = 80  # characters that are said of a name

_INNER_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # in `orderCount`, in `HTTPError`
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+|(?<=[0-9])\.[0-9][^\W_]*)*")


def sayable(name: str) -> str:
    """The words and numbers of a name, without the signs between them; empty where it has none.

    `api.query_ms` is said as `api query ms`, `ValueError: 'x' is 2.5` as `Value Error x is 2.5`.
    """
    words = _WORD.findall(_INNER_WORD.sub(" ", unicodedata.normalize("NFC", name)))
    return " ".join(words)[:LONGEST].rstrip()
