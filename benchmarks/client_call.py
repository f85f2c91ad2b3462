"""Row `client_call`: what one call of a client library costs the program that makes it."""

import timeit
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import child
from benchmarks.report import Bar, Line

_CALLS = 100_000


def measure(rounds: int = 5, calls: int = _CALLS) -> list[Line]:
    """Each library is called in a process of its own; ours folds within the calls, since its lists get full."""
    names = ("ours", "statsd", "datadog", "prometheus")
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            found[name].append(child.call("benchmarks.client_call:nanoseconds", library=name, calls=calls))
    ours = median(found["ours"])
    lines = [Line("client call: agg('query', '153ms')", "ns", ours, bar=Bar("ours", 300))]
    return lines + [
        Line(f"client call, beside {name}", "ns", ours, median(found[name]), note=_NOTES[name]) for name in names[1:]
    ]


_NOTES = {
    "statsd": "timing('query', 153): a datagram each",
    "datadog": "increment('query'), aggregated in the client",
    "prometheus": "Counter.inc(): no timer, nothing is sent",
}


def nanoseconds(library: str, calls: int) -> float:
    """One call of the library, as its documentation shows it."""
    call, arguments = _LIBRARIES[library]()
    return timeit.timeit(f"call({arguments})", globals={"call": call}, number=calls) / calls * 1e9


def _ours() -> tuple[Callable[..., Any], str]:
    import dattss  # noqa: PLC0415  (each process imports the one library that it measures)

    dts = dattss.process("bench", auth="0_" + "0" * 40, url="http://127.0.0.1:9", interval=3600)
    dts.stop(0)
    return dts.agg, "'query', '153ms'"


def _statsd() -> tuple[Callable[..., Any], str]:
    from statsd import StatsClient  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415

    return StatsClient("127.0.0.1", 8129).timing, "'query', 153"


def _datadog() -> tuple[Callable[..., Any], str]:
    from datadog.dogstatsd import DogStatsd  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415

    return DogStatsd(host="127.0.0.1", port=8129, disable_aggregation=False).increment, "'query'"


def _prometheus() -> tuple[Callable[..., Any], str]:
    from prometheus_client import Counter  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    return Counter("query", "queries").inc, ""


_LIBRARIES = {"ours": _ours, "statsd": _statsd, "datadog": _datadog, "prometheus": _prometheus}
