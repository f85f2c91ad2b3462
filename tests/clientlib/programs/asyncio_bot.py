"""An asyncio program that forgets a task, which fails."""

import asyncio
import logging
import time

import dattss


async def forgotten() -> None:
    raise RuntimeError(f"broken at {time.time()}")


async def main() -> None:
    asyncio.create_task(forgotten())  # noqa: RUF006 - that is the fault
    await asyncio.Event().wait()  # as a bot does, until somebody ends it


dattss.process("bot")
logging.getLogger().addHandler(dattss.LoggingHandler())
asyncio.run(main())
