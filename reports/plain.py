"""Texts of strangers as one harmless line of a mail."""

import re
import unicodedata

LONGEST = 120  # characters of a text in a report

# Escape sequences of terminals (ECMA-48): CSI, and OSC until its end.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# Control characters, marks that turn or hide text, halves of characters, and what has no meaning of its own.
_HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn"}
_LOOKED_AT = 20 * LONGEST  # characters; what follows could not be shown anyway


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` without line ends, control characters, escape sequences and marks that turn or hide text, cut with `…`."""
    bare = _ESCAPES.sub("", text[:_LOOKED_AT])
    line = " ".join("".join(_shown(character) for character in bare).split())
    return line if len(line) <= longest and len(text) <= _LOOKED_AT else f"{line[: longest - 1]}…"


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _HARMFUL else character
