"""Rounds in an event loop whose time goes on only while nobody has anything to do."""

import asyncio
import contextlib
import logging
import selectors
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stats.rounds import every

SECONDS = 5.0


class _Skipping(selectors.DefaultSelector):
    """Waits for nothing: what it would have waited is over at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


def rounds_until(end: float, act: Callable[[Callable[[], float]], Awaitable[None]]) -> None:
    """Rounds of `act`, which is given the seconds since they began, until `end` seconds have passed."""
    selector = _Skipping()
    with contextlib.closing(asyncio.SelectorEventLoop(selector)) as loop:
        begun = selector.now
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        work: Any = every(SECONDS, lambda: act(lambda: selector.now - begun))
        with contextlib.suppress(TimeoutError):
            loop.run_until_complete(asyncio.wait_for(work, end))


def test_rounds_keep_their_pace_whatever_they_take() -> None:
    began: list[float] = []

    async def act(passed: Callable[[], float]) -> None:
        began.append(passed())
        await asyncio.sleep(2)

    rounds_until(21, act)
    assert began == pytest.approx([5, 10, 15, 20])


def test_rounds_that_were_missed_are_not_made_up_for() -> None:
    began: list[float] = []

    async def act(passed: Callable[[], float]) -> None:
        began.append(passed())
        await asyncio.sleep(13 if len(began) == 1 else 0)

    rounds_until(30, act)
    assert began == pytest.approx([5, 18, 23, 28])


def test_an_error_does_not_end_the_rounds(caplog: pytest.LogCaptureFixture) -> None:
    begun = 0

    async def act(_: Callable[[], float]) -> None:
        nonlocal begun
        begun += 1
        if begun == 2:
            raise ConnectionError("Redis is away")

    with caplog.at_level(logging.ERROR, "dattss.rounds"):
        rounds_until(21, act)
    assert begun == 4
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "Redis is away" in caplog.text
