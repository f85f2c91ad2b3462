"""What a program writes, `153ms`, as numbers; and what may be a name.

Whole batches are read at once where they are written alike, as the values of a stat mostly are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Literal, Union, cast

Kind = Literal["c", "ms", "g"]  # counter, timer in milliseconds, gauge
KINDS: tuple[Kind, ...] = ("c", "ms", "g")
Number = Union[int, float]
ParsedValue = tuple[Number, Kind, bool]

LARGEST = 1e290  # values from here on are bad: sums of a day of them would leave the range of a double
_LONGEST_TEXT = 1024  # a number needs no more digits than that; reading a longer one costs more than it is worth
_EXACT = 2**53  # whole numbers under this are the same as a double and as an integer
_SHORT = 17  # characters of a number that needs no check of its size

_VALUE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(c|ms|g)(!)?")
_VALUES = re.compile(rf"^{_VALUE.pattern}$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9_.:!-]{1,128}")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.:!-]+")


def parse_value(text: object) -> ParsedValue | None:
    """`"12.5ms!"` as `(12.5, "ms", True)`: number, type, emphasis. None for whatever is not a value.

    Whole numbers come as int, exactly; those with a point as float. Numbers of 1e290 or more are not values, nor are
    texts of more than 1,024 characters.
    """
    plain = plain_text(text)
    if plain is None or len(plain) > _LONGEST_TEXT:
        return None
    match = _VALUE.fullmatch(plain)
    return None if match is None else _read(match[1], match[2], match[3])


def parse_values(texts: Collection[str]) -> dict[str, ParsedValue | None]:
    """`parse_value` of each text, for plain str only. Twice as fast as one by one where all are values."""
    unique = dict.fromkeys(texts)
    if not unique:
        return {}
    lines = "\n".join(unique)
    found = _VALUES.findall(lines)
    # As many matches as lines as texts: then each text is a line, and a value as a whole.
    if len(found) == len(unique) == lines.count("\n") + 1 and max(map(len, unique)) <= _LONGEST_TEXT:
        return {text: _read(*parts) for text, parts in zip(unique, found)}
    return {text: parse_value(text) for text in unique}


def read_alike(texts: Sequence[object]) -> tuple[Kind, bool, list[Number]] | None:
    """The type, the emphasis and the numbers of values that are written alike, as those of a stat mostly are.

    None where they are not: then each has to be looked at. Several times as fast as that: the characters are checked in
    a few passes over all of them, and numbers with the same count of decimals are read as whole ones and divided.
    """
    suffix = _suffix_of(texts)
    if suffix is None:
        return None
    try:
        data = "\n".join(cast("Sequence[str]", texts)).encode("ascii") + b"\n"
    except (TypeError, UnicodeEncodeError):
        return None
    if data.translate(None, _OF_NUMBERS) != suffix * len(texts):
        return None
    try:
        numbers = _numbers(data, suffix, len(texts))
    except ValueError:
        return None
    if len(numbers) != len(texts):  # one had an end of line in it
        return None
    return cast("Kind", suffix.rstrip(b"!\n").decode()), b"!" in suffix, numbers


_OF_NUMBERS = b"-.0123456789"
_TO_COMMAS = bytes.maketrans(b"\n", b",")
_TOO_LONG = b"0" * 16  # digits; whole numbers of as many are not all the same as a double
_MUCH_TOO_LONG = b"0" * 200
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SUFFIXES = {f"{kind}{mark}": f"{kind}{mark}\n".encode() for kind in KINDS for mark in ("", "!")}


def _suffix_of(texts: Sequence[object]) -> bytes | None:
    """Type, emphasis and end of line of the first text."""
    first = texts[0] if texts else None
    return _SUFFIXES.get(first.lstrip("-.0123456789")) if type(first) is str else None


def _numbers(data: bytes, suffix: bytes, count: int) -> list[Number]:
    """The numbers of lines that have no other characters than those of numbers, but for the suffix."""
    zeros = data.translate(_TO_ZEROS)
    decimals = _decimals(zeros, suffix, count)
    if decimals is not None and _TOO_LONG not in zeros.translate(None, b"."):
        return _as_whole(data.translate(_TO_COMMAS, suffix[:-1] + b".")[:-1].decode(), decimals)
    if _MUCH_TOO_LONG in zeros:
        raise ValueError("a number that may be too large has to be looked at")
    numbers: list[Number] = json.loads(b"[%b]" % data.translate(_TO_COMMAS, suffix[:-1])[:-1])
    return numbers


def _decimals(zeros: bytes, suffix: bytes, count: int) -> int | None:
    """How many decimals all the lines have; None where they differ."""
    points = zeros.count(b".")
    if not points:
        return 0
    end = zeros.index(suffix)
    decimals = end - 1 - zeros.rfind(b".", 0, end)
    return decimals if points == count == zeros.count(b"0." + b"0" * decimals + suffix) else None


def _as_whole(digits: str, decimals: int) -> list[Number]:
    """Numbers that have lost their points. A quotient of two such exact numbers is rounded as the decimal would be."""
    shortened = _without_zeros(digits)
    try:
        whole = json.loads(f"[{shortened}]") if shortened else [0]
    except ValueError:
        whole = list(map(int, digits.split(",")))
    if not decimals:
        return cast("list[Number]", whole)
    divisor = 10**decimals
    return [number / divisor for number in whole]


def _without_zeros(digits: str) -> str:
    """Without the zeros in front of numbers, which JSON does not know."""
    digits = "," + digits
    while ",0" in digits:
        digits = digits.replace(",0", ",")
    return digits[1:]


def _read(digits: str, kind: str, mark: str | None) -> ParsedValue | None:
    if len(digits) <= _SHORT:
        number: Number = float(digits) if "." in digits else int(digits)
    else:
        number = float(digits)  # infinite, not an error, for too many digits
        if not -LARGEST < number < LARGEST:
            return None
        number = number if "." in digits else int(digits)
    return number, cast("Kind", kind), bool(mark)


def shortest(number: Number) -> Number:
    """`number` as int where that is the same, so that it is written `3` and not `3.0`."""
    if isinstance(number, float) and number.is_integer() and -_EXACT < number < _EXACT:
        return int(number)
    return number


def is_name(text: object) -> bool:
    """Whether `text` may name a process or a stat."""
    plain = plain_text(text)
    return plain is not None and _NAME.fullmatch(plain) is not None and plain not in (".", "..")


def plain_text(text: object) -> str | None:
    """`text` if it is a str, a copy as plain str of an instance of a subclass, else None.

    Asks the type and not the object: objects may answer with foreign code that fails.
    """
    if type(text) is str:
        return text
    return str.__str__(text) if issubclass(type(text), str) else None


def clean_name(text: str, default: str) -> str:
    """The valid name nearest to `text`: other characters become `_`, 128 characters at most, else `default`."""
    cleaned = _NOT_OF_A_NAME.sub("_", text)[:128]
    return cleaned if is_name(cleaned) and cleaned.strip("_") else default
