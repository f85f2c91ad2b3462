"""`timer('query')`: how long a block or a function takes, as a timer stat."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


class Timer:
    """Context manager and decorator, of coroutine functions too. What ends by an exception is timed as well."""

    def __init__(self, agg: Callable[[str, str], None], name: str, emphasis: bool) -> None:
        self._agg = agg
        self._name = name
        self._unit = "ms!" if emphasis else "ms"
        self._started: list[float] = []  # a stack: one timer may be entered again within itself

    def __enter__(self) -> Timer:
        self._started.append(time.perf_counter())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._report(self._started.pop())

    def __call__(self, function: Function) -> Function:
        """`function`, timed at each call."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_coroutine(*args: Any, **kwargs: Any) -> Any:
                """Times until the coroutine has ended, not only until it is made."""
                started = time.perf_counter()
                try:
                    return await function(*args, **kwargs)
                finally:
                    self._report(started)

            return cast("Function", timed_coroutine)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            """Times the call; stands in for the function, with its name and docstring."""
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._report(started)

        return cast("Function", timed)

    def _report(self, started: float) -> None:
        self._agg(self._name, f"{(time.perf_counter() - started) * 1000:.3f}{self._unit}")
