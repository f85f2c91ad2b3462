"""Row `errors`: what it costs a program to tell of an error whose kind is known, as all but the first of a flood is."""

import io
import logging
import time
from collections.abc import Callable
from typing import Any

from benchmarks import child
from benchmarks.report import Bar, Line, middle

_CALLS = 100_000
_DEPTH = 5  # calls between the code that fails and the code that tells of it


def measure(rounds: int = 5, calls: int = _CALLS) -> list[Line]:
    """Exceptions, each a new one, and templates; the handler of `logging` beside one that writes into memory."""
    found: dict[str, list[float]] = {name: [] for name in _WAYS}
    for _ in range(rounds):
        for name in _WAYS:
            found[name].append(child.call("benchmarks.errors:nanoseconds", way=name, calls=calls))
    stack = f"error(exception), {_DEPTH} frames"
    return [
        middle(stack, "ns", found["exception"], bar=Bar("ours", 3000), note="raising it is not counted"),
        middle("error('payment %s failed', order)", "ns", found["template"], bar=Bar("ours", 3000)),
        middle(
            "logging.exception() with LoggingHandler, beside StreamHandler",
            "ns",
            found["handler"],
            found["stream"],
            note="a new exception each; a formatted stack into memory each",
        ),
    ]


def nanoseconds(way: str, calls: int) -> float:
    """CPU time of one call: of many that fail and tell, without that of as many that fail."""
    tell = _WAYS[way]()
    _loop(tell, calls // 10)
    return min((_loop(tell, calls) - _loop(_nothing, calls)) / calls for _ in range(3))


def _loop(tell: Callable[[Exception], None], calls: int) -> int:
    begun = time.process_time_ns()
    for order in range(calls):
        try:
            _fail(_DEPTH - 1, order)
        except ValueError as error:
            tell(error)
    return time.process_time_ns() - begun


def _nothing(_: Exception) -> None:
    pass


def _fail(deeper: int, order: int) -> None:
    if deeper > 1:
        _fail(deeper - 1, order)
    raise ValueError(f"payment {order} failed")


def _exception() -> Callable[[Exception], None]:
    tell: Callable[[Exception], None] = _process().error
    return tell


def _template() -> Callable[[Exception], None]:
    error = _process().error
    return lambda _: error("payment %s failed", 17)


def _handler() -> Callable[[Exception], None]:
    import dattss  # noqa: PLC0415  (each process imports what it measures)

    return _logged(dattss.LoggingHandler(_process()))


def _stream() -> Callable[[Exception], None]:
    return _logged(logging.StreamHandler(io.StringIO()))


def _logged(handler: logging.Handler) -> Callable[[Exception], None]:
    log = logging.getLogger("shop")
    log.propagate = False
    log.addHandler(handler)
    return lambda error: log.error("payment failed", exc_info=error)


def _process() -> Any:
    import dattss  # noqa: PLC0415  (as above)

    dts = dattss.process("bench", auth="0_" + "0" * 40, url="http://127.0.0.1:9", interval=3600)
    dts.stop(0)
    return dts


_WAYS = {"exception": _exception, "template": _template, "handler": _handler, "stream": _stream}
