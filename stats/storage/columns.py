"""Columns of numbers as few bytes, exactly.

A column of doubles becomes whole numbers m and a number of decimals d where each is m / 10**d to within a few steps of
a double (a sum of tenths is seldom a whole number of tenths, but next to one); where that fails, the doubles' bits.
Whole numbers become differences, to the number before or to another column, whichever are smallest; differences become
planes of bytes, lowest first, each compressed for itself, since each has a distribution of its own.
"""

from collections.abc import Callable, Iterable

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from stats.aggregation.arithmetic import BOT, CNT, FIELDS, FST, LST, MAX, MIN, SUM, TOP, Floats

Whole = NDArray[np.int64]

DECIMALS = range(10)
_BITS = -1  # instead of a number of decimals: the numbers are the doubles' bits
_EXACT = 2.0**53  # beyond it a double no longer tells whole numbers apart
_MOST_STEPS = 64  # of a double, between m / 10**d and the number
_LEVEL = 9
_ORDER = (CNT, MIN, MAX, BOT, TOP, FST, LST, SUM)  # a column refers only to those before it
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[int, list[int], list[int], bytes]).decode


def encode_columns(minutes: Whole, columns: Floats) -> bytes:
    """The bytes of `minutes` (n), rising, and `columns` (8, n), finite doubles in the order of `Aggregate`."""
    decimals, whole, steps = _all_whole(columns)
    streams: list[bytes] = [_planes(_delta(minutes))]
    chosen: list[int] = []
    for field in _ORDER:
        residuals = [_delta(whole[field])] if decimals[field] == _BITS else _residuals(field, whole, decimals)
        best = min(range(len(residuals)), key=lambda place: _cost(residuals[place]))
        chosen.append(best)
        streams += [_planes(residuals[best]), _planes(steps[field])]
    return _pack((len(minutes), decimals, chosen, _join(streams)))


def decode_columns(data: bytes) -> tuple[Whole, Floats]:
    """The minutes and columns that were encoded. Raises ValueError or ZstdError for other bytes."""
    count, decimals, chosen, body = _unpack(data)
    streams = [_numbers(stream, count) for stream in _split(body)]
    whole = np.zeros((FIELDS, count), np.int64)
    columns = np.zeros((FIELDS, count))
    for place, field in enumerate(_ORDER):
        residual, steps = streams[1 + 2 * place], streams[2 + 2 * place]
        if decimals[field] == _BITS:
            whole[field] = np.cumsum(residual)
            columns[field] = whole[field].view(np.float64)
            continue
        whole[field] = _restored(field, chosen[place], residual, whole, decimals)
        columns[field] = ((whole[field] / 10.0 ** decimals[field]).view(np.int64) + steps).view(np.float64)
    return np.cumsum(streams[0]), columns


# --- doubles as whole numbers -----------------------------------------------------------------------------------------
def _all_whole(columns: Floats) -> tuple[list[int], Whole, Whole]:
    """Decimals, whole numbers and steps of each column; the columns of values share their decimals where they can."""
    decimals = [_decimals(column) for column in columns]
    values = [decimals[field] for field in (MAX, MIN, BOT, TOP, FST, LST)]
    shared = max(values)
    if _BITS not in values and all(_fits(columns[field], shared) for field in range(2, FIELDS)):
        decimals[2:] = [shared] * (FIELDS - 2)
    whole, steps = np.zeros(columns.shape, np.int64), np.zeros(columns.shape, np.int64)
    for field, column in enumerate(columns):
        if decimals[field] == _BITS:
            whole[field] = column.view(np.int64)
        else:
            whole[field], steps[field] = _scaled(column, decimals[field])
    return decimals, whole, steps


def _decimals(column: Floats) -> int:
    return next((decimals for decimals in DECIMALS if _fits(column, decimals)), _BITS)


def _fits(column: Floats, decimals: int) -> bool:
    if not (np.abs(column) < _EXACT / 10.0**decimals).all():
        return False
    steps = _scaled(column, decimals)[1]
    return bool(((steps < _MOST_STEPS) & (steps > -_MOST_STEPS)).all())


def _scaled(column: Floats, decimals: int) -> tuple[Whole, Whole]:
    whole = np.rint(column * 10.0**decimals).astype(np.int64)
    steps: Whole = column.view(np.int64) - (whole / 10.0**decimals).view(np.int64)
    return whole, steps


# --- differences ------------------------------------------------------------------------------------------------------
_Guess = Callable[[Whole], Whole]
_GUESSES: dict[int, tuple[_Guess, ...]] = {
    CNT: (),
    MIN: (),
    MAX: (lambda w: w[MIN],),
    BOT: (lambda w: w[MIN], lambda w: w[MAX]),
    TOP: (lambda w: w[MAX], lambda w: w[MIN]),
    FST: (lambda w: w[BOT], lambda w: (w[BOT] + w[TOP]) // 2, lambda w: w[MAX]),
    LST: (lambda w: w[FST], lambda w: w[BOT], lambda w: (w[BOT] + w[TOP]) // 2, lambda w: w[MAX]),
}


def _guesses(field: int, whole: Whole, decimals: list[int]) -> list[Whole]:
    """What the column may be near to, from columns that are known by then."""
    if field != SUM:
        near = _GUESSES[field] if decimals[field] == decimals[MIN] else ()
        return [guess(whole) for guess in near]
    if _BITS in decimals:
        return []
    values = (whole[FST], whole[LST], (whole[BOT] + whole[TOP]) // 2)
    scale = 10.0 ** (decimals[SUM] - decimals[MIN])
    count = whole[CNT] / 10.0 ** decimals[CNT]
    limit = _EXACT
    return [np.rint(np.clip(value * count * scale, -limit, limit)).astype(np.int64) for value in values]


def _residuals(field: int, whole: Whole, decimals: list[int]) -> list[Whole]:
    column = whole[field]
    return [column, _delta(column), *(column - guess for guess in _guesses(field, whole, decimals))]


def _restored(field: int, chosen: int, residual: Whole, whole: Whole, decimals: list[int]) -> Whole:
    if chosen == 0:
        return residual
    if chosen == 1:
        return np.cumsum(residual)
    return residual + _guesses(field, whole, decimals)[chosen - 2]


def _delta(column: Whole) -> Whole:
    return np.diff(column, prepend=np.int64(0))


def _cost(residual: Whole) -> float:
    return float(np.log2(1.0 + 2.0 * np.abs(residual.astype(np.float64))).sum())


# --- bytes ------------------------------------------------------------------------------------------------------------
def _planes(numbers: Whole) -> bytes:
    """Zigzag, then planes of bytes, the lowest first; as many as the largest number needs, none where all are 0."""
    zigzag = ((numbers << 1) ^ (numbers >> 63)).view(np.uint64)
    if not zigzag.any():
        return b""
    width = (int(zigzag.max()).bit_length() + 7) // 8
    planes = zigzag.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].T
    return _join([compress(plane.tobytes()) for plane in planes])


def _numbers(data: bytes, count: int) -> Whole:
    planes = np.zeros((count, 8), np.uint8)
    for place, plane in enumerate(_split(data)):
        planes[:, place] = np.frombuffer(decompress(plane), np.uint8)
    zigzag = planes.reshape(-1).view("<u8").astype(np.uint64)
    numbers: Whole = (zigzag >> np.uint64(1)).view(np.int64) ^ -(zigzag & np.uint64(1)).view(np.int64)
    return numbers


_PLAIN, _ZSTD = b"\0", b"\1"


def compress(data: bytes) -> bytes:
    """`data` compressed, or as it is where that is shorter."""
    packed = _compressor().compress(data)
    return _ZSTD + packed if len(packed) < len(data) else _PLAIN + data


def decompress(data: bytes) -> bytes:
    """What was compressed. Raises ZstdError."""
    return zstandard.ZstdDecompressor().decompress(data[1:]) if data[:1] == _ZSTD else data[1:]


def _compressor() -> zstandard.ZstdCompressor:
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)


def _join(parts: Iterable[bytes]) -> bytes:
    """The parts, each behind its length: one byte, or 255 and four."""
    return b"".join(
        (bytes((len(part),)) if len(part) < 255 else b"\xff" + len(part).to_bytes(4, "little")) + part for part in parts
    )


def _split(data: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(data):
        length, at = data[at], at + 1
        if length == 255:
            length, at = int.from_bytes(data[at : at + 4], "little"), at + 4
        parts.append(data[at : at + length])
        at += length
    return parts
