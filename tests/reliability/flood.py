"""A program in which everything fails: tells of so many exceptions within so many seconds, then prints what it cost.

Each exception is a new one, raised two calls deep, as in a loop that meets the same fault again and again."""

import json
import sys
import threading
import time

import dattss

PATIENCE = 120.0  # seconds to deliver the last ones
BURST = 500
_PACE = threading.Event()  # never set: so many a second are the flood that is asked for


def charge(order: int) -> None:
    raise ValueError(f"order {order} cannot be charged")


def pay(order: int) -> None:
    charge(order)


def main(name: str, count: int, seconds: float) -> None:
    tracked = dattss.process(name)
    spent = bare = 0.0
    begun = time.monotonic()
    for number in range(count):
        raising = time.perf_counter()
        try:
            pay(number)
        except ValueError as error:
            telling = time.perf_counter()
            tracked.error(error)
            spent += time.perf_counter() - telling
            bare += telling - raising
        if number % BURST == 0:
            _PACE.wait(max(begun + seconds * number / count - time.monotonic(), 0.0))
    took = time.monotonic() - begun
    deadline = time.monotonic() + PATIENCE
    delivered = tracked.stop(5)
    while not delivered and time.monotonic() < deadline:
        delivered = tracked.stop(5)
    print(json.dumps({"delivered": delivered, "took": took, "told": spent / count * 1e6, "raised": bare / count * 1e6}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
