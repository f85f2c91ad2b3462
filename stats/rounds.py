"""Rounds at a steady pace in the event loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

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
