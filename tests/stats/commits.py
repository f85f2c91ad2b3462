"""Commits for tests: what a client would send, built from raw values."""

from typing import Any

import msgspec

from stats.aggregation.commit import Commit


def partial(name: str, values: list[float], typ: str = "c", **fields: Any) -> dict[str, Any]:
    """A partial aggregate of raw values, as CONTRACT 3 has it."""
    ranked = sorted(values)
    cut = int(0.1 * len(ranked))
    return {
        "typ": typ,
        "nam": name,
        "pct": 0.1,
        "sum": sum(values),
        "cnt": len(values),
        "max": ranked[-1],
        "min": ranked[0],
        "fst": values[0],
        "lst": values[-1],
        "bot": ranked[cut],
        "top": ranked[-1 - cut],
        "emp": False,
        **fields,
    }


def body(process: str, *partials: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The JSON of a commit; without `mem` and `cpu`, of which the server makes stats."""
    lists: dict[str, list[dict[str, Any]]] = {"c": [], "ms": [], "g": []}
    for one in partials:
        lists[one["typ"]].append(one)
    return {"nam": process, "upt": 12.5, "prt": lists, **fields}


def commit(process: str, *partials: dict[str, Any], **fields: Any) -> Commit:
    """The same, decoded."""
    return msgspec.convert(body(process, *partials, **fields), Commit)
