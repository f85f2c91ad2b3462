"""Texts of errors made fit to be sent: cut with a notice, without secrets, of characters that JSON can carry."""

from __future__ import annotations

import re

LONGEST = 16_000  # characters of a text that are sent; the server keeps 16,384, the notice included
LONGEST_NAME = 500  # characters of a type, a logger or a place
LOOKED_AT = 2 * LONGEST  # characters of a message in which secrets are looked for; what is behind is never sent
_WORD_AT_THE_END = re.compile(r"\w{1,256}\Z")


def beginning(text: str) -> str:
    """So much of a long message that it can be scrubbed and cut. Half a key would not be seen to be one, so whole
    words."""
    return text if len(text) <= LOOKED_AT else _WORD_AT_THE_END.sub("", text[:LOOKED_AT])


def cut(text: str, length: int) -> str:
    """What is sent of a message that had `length` characters."""
    return text if max(len(text), length) <= LONGEST else f"{text[:LONGEST]}\n[cut: it had {length:,} characters]"


def cut_stack(text: str, most: int = LONGEST) -> str:
    """A stack of at most so many characters: the first lines and, which tell more, the last ones."""
    if len(text) <= most:
        return text
    head, tail = text[: most // 4], text[most // 4 - most :]
    head, tail = head[: head.rfind("\n") + 1], tail[tail.find("\n") + 1 :]
    return f"{head}[cut: {len(text) - len(head) - len(tail):,} characters]\n{tail}"


def encodable(text: str) -> str:
    """Half of a pair of surrogates is no character: the server would refuse the commit."""
    return text.encode("utf-8", "backslashreplace").decode()
