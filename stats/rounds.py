"""Work beside everything else in the event loop, once or in rounds at a steady pace."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

log = logging.getLogger("dattss.rounds")


async def every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Awaits `act` each `seconds`, for ever, the first time after as many.

    The time that a round takes does not put off the next one; rounds that were missed meanwhile are not made up for. An
    error in a round is logged and does not end them: what was away may be there again the next time.
    """
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + seconds, loop.time())
        await asyncio.sleep(due - loop.time())
        try:
            await act()
        except Exception as problem:  # noqa: BLE001  (whatever it is, the rounds go on)
            log.error("A round of %s failed (%s); it goes on.", act.__qualname__, problem)  # noqa: TRY400


class Tasks:
    """What runs beside everything else."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work`; an error in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)

    def cancel(self) -> None:
        """Ends all of it."""
        for task in self._running:
            task.cancel()

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A task of the shard failed.", exc_info=task.exception())
