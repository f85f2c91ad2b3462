"""The commit of a client: its JSON decoded into typed structs, refused with a place where it is wrong."""

import re
from typing import Annotated, Literal

import msgspec
from dattss.sketch import LONGEST
from msgspec import Meta

from stats.aggregation.partial import DEFAULT_PCT

# Larger numbers are finite but their sums over a day might not be.
LARGEST = 1e290
MOST_COUNTED = 2**53  # above it a float is not every whole number any more
OLDEST = 86_400.0  # seconds: how late a commit may come

Number = Annotated[float, Meta(ge=-LARGEST, le=LARGEST)]
Amount = Annotated[float, Meta(ge=0, le=LARGEST)]
Count = Annotated[int, Meta(ge=0, le=MOST_COUNTED)]


# The fields of a partial and of a commit stand in the order in which our clients write them: that is decoded fastest.
class Partial(msgspec.Struct, gc=False, kw_only=True):
    """The values of one stat in one interval: `ms` in milliseconds, `c` in counts, `g` in the gauge's own unit."""

    typ: str | None = None
    nam: str
    pct: Annotated[float, Meta(ge=0, le=0.5)] = DEFAULT_PCT
    sum: Number
    cnt: Annotated[float, Meta(ge=1, le=MOST_COUNTED)]
    max: Number
    min: Number
    fst: Number
    lst: Number
    bot: Number
    top: Number
    emp: bool = False
    skt: Annotated[str, Meta(max_length=LONGEST)] | None = None


class Partials(msgspec.Struct, gc=False):
    """The partials by type; a list that is missing is empty."""

    c: list[Partial] = []
    g: list[Partial] = []
    ms: list[Partial] = []


class Event(msgspec.Struct, gc=False):
    """An error or a warning; `cnt` equal ones, the newest `age` seconds before the commit was sent.

    `tpl` is its message before values were put in, `log` the logger, `loc` the place that told it, `file:function`.
    """

    lvl: Literal["error", "warning"]
    msg: str
    typ: str = ""
    trc: str = ""
    tpl: str = ""
    log: str = ""
    loc: str = ""
    age: Annotated[float, Meta(ge=0, le=OLDEST)] = 0.0
    cnt: Annotated[int, Meta(ge=1, le=MOST_COUNTED)] = 1


class Commit(msgspec.Struct, gc=False, kw_only=True):
    """What one process sends each interval: `upt`, `age` in seconds, `mem` in bytes, `cpu` in per cent of one core.

    `hst` is its machine and `ver` its client, `python 0.1.0`; a client need not send them with each commit.
    """

    nam: str
    upt: Amount | None = None
    mem: Amount | None = None
    cpu: Amount | None = None
    err: Count = 0
    wrn: Count = 0
    iid: Annotated[str, Meta(max_length=128)] = ""
    seq: Count | None = None
    age: Annotated[float, Meta(ge=0, le=OLDEST)] = 0.0
    hst: str = ""
    ver: str = ""
    prt: Partials
    evt: list[Event] = []


class InvalidCommit(ValueError):
    """A commit that is refused as a whole: `error` says why, `at` where (`prt.ms[2].cnt`, empty for the whole body)."""

    def __init__(self, error: str, at: str = "") -> None:
        super().__init__(f"{error} (at {at})" if at else error)
        self.error = error
        self.at = at


_decoder = msgspec.json.Decoder(Commit)
# An escape as a whole, so that the backslashes of one are not taken for another's: a pair of surrogates, half of one,
# or any other.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


def decode(body: bytes) -> Commit:
    """The commit in a JSON body. Raises InvalidCommit; names are not looked at here, only types and ranges."""
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise InvalidCommit(message, path.rstrip("`").lstrip(".")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        mended = _mended(body)
        if mended != body:
            return decode(mended)
        raise InvalidCommit(f"The body is not valid JSON: {error}") from None
    except RecursionError:
        raise InvalidCommit("The body is nested too deeply") from None


def _mended(body: bytes) -> bytes:
    """JSON may have halves of surrogate pairs as escapes, which no text in UTF-8 can hold: they are kept as the six
    characters that they were written with."""
    return _ESCAPE.sub(lambda found: rb"\\" + found[1] if found[1] else found[0], body)
