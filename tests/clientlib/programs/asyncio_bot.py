"""An asyncio program that forgets a task, which fails."""

import asyncio
import gc
import logging
import time

import dattss


async def forgotten() -> None:
    raise RuntimeError(f"broken at {time.time()}")


async def main() -> None:
    asyncio.create_task(forgotten())  # noqa: RUF006 - that is the fault
    await asyncio.sleep(0.05)
    gc.collect()
    await asyncio.sleep(60)


dattss.process("bot")
logging.getLogger().addHandler(dattss.LoggingHandler())
asyncio.run(main())
