"""Starts Python again, in a process that ends with its parent: `attached.py PARENT ARGUMENT…`.

A program of its own because the alternative, a `preexec_fn`, runs between fork and exec of a process with many threads:
whatever lock one of them holds in that moment is held for ever in the child, which then keeps the server's port.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(parent: int, arguments: list[str]) -> None:
    """Becomes `python ARGUMENT…`; only Linux can promise that it ends with `parent`, and keeps that over the exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return  # it has ended before it could be promised
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
