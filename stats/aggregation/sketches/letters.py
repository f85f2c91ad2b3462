"""The characters of sketches in columns: what each stands for, by its code, and the way back. For the format see
`dattss.sketch`."""

import numpy as np
from dattss import sketch
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

END = b"\n"  # behind each text
GAP_DIGITS, COUNT_DIGITS = len(sketch.GAP_DIGITS), len(sketch.COUNT_DIGITS)

PAIR, HIGH, MORE, VERSION, LAST = 1, 2, 3, 4, 5  # kinds of characters: a pair, a gap digit, a count digit, ...
KIND = np.zeros(256, np.uint8)  # by character code, as all that follows; 0 for what no sketch has
GAP, COUNT, ROW, DIGIT = (np.zeros(256, np.uint8) for _ in range(4))
PAIR_CODE = np.zeros((sketch.GAPS, max(sketch.ROWS)), np.uint8)  # by gap - 1 and count - 1
for _character, (_gap, _count) in zip(sketch.ALPHABET, sketch.PAIRS, strict=False):
    _code = PAIR_CODE[_gap - 1, _count - 1] = ord(_character)
    KIND[_code], GAP[_code], COUNT[_code], ROW[_code] = PAIR, _gap, _count, sketch.ROWS[_gap - 1]
for _kind, _characters in ((HIGH, sketch.GAP_DIGITS), (MORE, sketch.COUNT_DIGITS)):
    for _digit, _character in enumerate(_characters):
        KIND[ord(_character)], DIGIT[ord(_character)] = _kind, _digit
KIND[ord(END)] = LAST

# What a digit counts for, by its place.
GAP_PLACES = sketch.GAPS * GAP_DIGITS ** np.arange(sketch.MOST_GAP_DIGITS)
COUNT_PLACES = float(COUNT_DIGITS) ** np.arange(sketch.MOST_COUNT_DIGITS)
ROWS = np.array(sketch.ROWS, np.int64)
GAP_CODE = np.frombuffer(sketch.GAP_DIGITS.encode(), np.uint8)
COUNT_CODE = np.frombuffer(sketch.COUNT_DIGITS.encode(), np.uint8)
