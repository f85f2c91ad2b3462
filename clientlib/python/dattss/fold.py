"""Values become partial aggregates: the pure part of the client, which the server's UDP ingest uses too.

No thread, no clock, no input or output. `parse_value` reads what a program wrote (`153ms`), an `Interval` collects the
values of all stats of one process for some seconds, and `Interval.take` gives them as the `prt` of a commit. Neither
class locks: one thread at a time.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Collection, Sequence
from typing import Literal, TypedDict, Union, cast

from dattss import sketch

Kind = Literal["c", "ms", "g"]  # counter, timer in milliseconds, gauge
KINDS: tuple[Kind, ...] = ("c", "ms", "g")
Number = Union[int, float]
ParsedValue = tuple[Number, Kind, bool]

PCT = 0.1  # share of an interval's values that lies under `bot`, and over `top`
SAMPLE = 2048  # raw values kept of a stat and interval; a tenth's rank is then off by 0.7 % (one sigma)
LARGEST = 1e290  # values from here on are bad: sums of a day of them would leave the range of a double
_LONGEST_TEXT = 1024  # a number needs no more digits than that; reading a longer one costs more than it is worth
_EXACT = 2**53  # whole numbers under this are the same as a double and as an integer
_SHORT = 17  # characters of a number that needs no check of its size
_CHUNK = SAMPLE  # values that are summed up at once

_VALUE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(c|ms|g)(!)?")
_VALUES = re.compile(rf"^{_VALUE.pattern}$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9_.:!-]{1,128}")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.:!-]+")
_RANDOM = random.Random()  # noqa: S311 - our own, so that a program that seeds `random` gets the numbers it expects


class _Numbers(TypedDict):
    typ: Kind
    nam: str
    pct: float
    sum: Number
    cnt: int
    max: Number
    min: Number
    fst: Number
    lst: Number
    bot: Number
    top: Number
    emp: bool


class Partial(_Numbers, total=False):
    """One stat's values of one interval, as a commit carries them. Timers are in milliseconds, and have a sketch."""

    skt: str


Partials = dict[Kind, list[Partial]]


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
    try:
        whole = json.loads(f"[{_without_zeros(digits)}]")
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


class Accumulator:
    """The values of one stat in one interval.

    `sum`, `cnt`, `min`, `max`, `fst`, `lst` are exact however many values come, and a timer's sketch has all of them.
    `bot` and `top` are exact up to 2,048 values. Beyond, a timer's are taken from its sketch, those of others from a
    uniform sample of that size (reservoir sampling: Li 1994, "Algorithm L").
    """

    __slots__ = (
        "_cnt",
        "_counts",
        "_fresh",
        "_fst",
        "_lst",
        "_max",
        "_min",
        "_next",
        "_random",
        "_sample",
        "_sum",
        "_w",
        "emp",
        "nam",
        "typ",
    )

    def __init__(self, typ: Kind, nam: str, source: random.Random = _RANDOM) -> None:
        self.typ = typ
        self.nam = nam
        self.emp = False
        self._random = source
        self._counts: sketch.Counts | None = {} if typ == "ms" else None
        self._fresh: list[Number] = []  # not summed up yet: built-in functions over many beat one at a time
        self._sample: list[Number] = []
        self._cnt = 0
        self._sum: Number = 0
        self._min: Number = math.inf
        self._max: Number = -math.inf
        self._fst: Number = 0
        self._lst: Number = 0
        self._next = -1  # number of the value that enters the sample next; -1 until the sample is full
        self._w = 1.0

    def add(self, value: Number, emphasis: bool = False) -> None:
        """Takes one finite number; one emphasised value emphasises the stat."""
        if emphasis:
            self.emp = True
        self._fresh.append(value)
        if len(self._fresh) >= _CHUNK:
            self._settle()

    def add_all(self, values: Sequence[Number]) -> None:
        """Takes finite numbers, in their order."""
        self._fresh += values
        if len(self._fresh) >= _CHUNK:
            self._settle()

    def partial(self) -> Partial:
        """What was added so far. ValueError when that is nothing."""
        self._settle()
        if not self._cnt:
            raise ValueError("no values, no partial aggregate")
        bot, top = self._tails()
        partial: Partial = {
            "typ": self.typ,
            "nam": self.nam,
            "pct": PCT,
            "sum": shortest(self._sum),
            "cnt": self._cnt,
            "max": shortest(self._max),
            "min": shortest(self._min),
            "fst": shortest(self._fst),
            "lst": shortest(self._lst),
            "bot": shortest(bot),
            "top": shortest(top),
            "emp": self.emp,
        }
        if self._counts:
            partial["skt"] = sketch.encode(self._counts)
        return partial

    def _tails(self) -> tuple[Number, Number]:
        if self._counts is not None and self._cnt > SAMPLE:
            return sketch.tails(self._counts, PCT, self._min, self._max)
        ranked = sorted(self._sample)
        cut = int(PCT * len(ranked))
        return ranked[cut], ranked[-1 - cut]

    def _settle(self) -> None:
        fresh = self._fresh
        if not fresh:
            return
        if not self._cnt:
            self._fst = fresh[0]
        self._lst = fresh[-1]
        if self._counts is not None:
            fresh = sorted(fresh)
            sketch.count_sorted(self._counts, fresh)
            self._sample = self._sample + fresh if self._cnt + len(fresh) <= SAMPLE else []
        else:
            self._draw(fresh)
        low, high = min(fresh), max(fresh)
        self._min = min(self._min, low)
        self._max = max(self._max, high)
        total = sum(fresh)
        # Whole numbers are summed exactly by `sum`; fractions are by `fsum`, which rounds once instead of each time.
        self._sum += total if isinstance(total, int) else math.fsum(fresh)
        self._cnt += len(fresh)
        self._fresh = []

    def _draw(self, fresh: list[Number]) -> None:
        """Lets each value seen so far be in the sample with the same probability."""
        room = SAMPLE - len(self._sample)
        self._sample += fresh[:room]
        if len(self._sample) < SAMPLE:
            return
        if self._next < 0:
            self._next = SAMPLE - 1
            self._skip()
        end = self._cnt + len(fresh)
        while self._next < end:
            self._sample[self._random.randrange(SAMPLE)] = fresh[self._next - self._cnt]
            self._skip()

    def _skip(self) -> None:
        # 1 - random() lies in (0, 1]: the logarithm of a zero does not exist.
        self._w *= math.exp(math.log(1.0 - self._random.random()) / SAMPLE)
        share = min(self._w, 1.0 - 2.0**-53)
        self._next += 1 + int(math.log(1.0 - self._random.random()) / math.log1p(-share))


class Interval:
    """The values of all stats of one process since the last `take`."""

    def __init__(self, source: random.Random = _RANDOM) -> None:
        self._random = source
        self._stats: dict[tuple[Kind, str], Accumulator] = {}

    def __len__(self) -> int:
        """How many stats have values."""
        return len(self._stats)

    def names(self) -> set[str]:
        """The stats that have values."""
        return {name for _, name in self._stats}

    def add(self, name: str, typ: Kind, value: Number, emphasis: bool = False) -> None:
        """Takes one value. The caller has checked the name (`is_name`) and the value (`parse_value`)."""
        self._stat(typ, name).add(value, emphasis)

    def add_texts(self, name: str, texts: Sequence[object]) -> list[object]:
        """Takes values as a program wrote them, in their order. Returns those that are none."""
        alike = read_alike(texts)
        if alike is None:
            return self._add_one_by_one(name, texts)
        kind, emphasis, numbers = alike
        stat = self._stat(kind, name)
        stat.emp = stat.emp or emphasis
        stat.add_all(numbers)
        return []

    def _add_one_by_one(self, name: str, texts: Sequence[object]) -> list[object]:
        plain = [text for text in texts if type(text) is str]
        known = parse_values(plain)  # programs repeat themselves: `1c` is read once
        bad: list[object] = []
        adders: dict[Kind, Callable[[Number, bool], None]] = {}
        for text in texts:
            parsed = known[text] if type(text) is str else parse_value(text)
            if parsed is None:
                bad.append(text)
                continue
            number, kind, emphasis = parsed
            if kind not in adders:
                adders[kind] = self._stat(kind, name).add
            adders[kind](number, emphasis)
        return bad

    def take(self) -> Partials:
        """All stats' partial aggregates by type; the interval begins anew, empty."""
        stats, self._stats = self._stats, {}
        partials: Partials = {"c": [], "ms": [], "g": []}
        for stat in stats.values():
            partials[stat.typ].append(stat.partial())
        return partials

    def _stat(self, typ: Kind, name: str) -> Accumulator:
        stat = self._stats.get((typ, name))
        if stat is None:
            stat = self._stats[typ, name] = Accumulator(typ, name, self._random)
        return stat
