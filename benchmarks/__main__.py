"""`python -m benchmarks [ROW…] [--rounds N]`: measures, then prints one table."""

import argparse
import importlib
import sys

from benchmarks.report import Line, table

ROWS = (
    "throughput", "events", "flush", "memory", "restart", "history", "packed", "shards", "pages",
    "client_call", "errors", "rules", "alerts",
)  # fmt: skip


def main() -> int:
    """The command. Its status says whether every bar was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which: {', '.join(ROWS)} (default: all)")
    parser.add_argument("--rounds", type=int, help="how often each is measured, ours and the peer's in turn")
    given = parser.parse_args()
    if unknown := [row for row in given.rows if row not in ROWS]:
        parser.error(f"no row {unknown[0]!r}; there are {', '.join(ROWS)}")
    found: list[tuple[str, Line]] = []
    for row in given.rows or ROWS:
        print(f"measuring {row} …", file=sys.stderr, flush=True)
        measure = importlib.import_module(f"benchmarks.{row}").measure
        found += [(row, line) for line in (measure(rounds=given.rounds) if given.rounds else measure())]
    print(table(found))
    return 1 if any(line.met is False for _, line in found) else 0


if __name__ == "__main__":
    sys.exit(main())
