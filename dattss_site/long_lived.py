"""What lives long is kept out of Python's search for cycles, during which nobody is served.

Python searches all objects whenever a quarter of them is new: 130 ms at 100,000 stats. Requests that Daphne keeps count
too (`daphne_server` no longer lets it): at 200 commits a second it was searching three times a minute. What `gc.freeze`
has put aside is not searched, which makes it 15 to 25 ms; it is freed as ever when nothing refers to it any more.
"""

import gc
from collections.abc import Callable

from stats.rounds import every

_LOOK_SECONDS = 5.0
_FEW = 4096  # stats: their search takes 5 ms


class LongLived:
    """Puts aside all that there is, again when the stats, which `count` counts, have become a quarter more."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._known = 0

    async def run(self) -> None:
        """Looks for ever."""
        await every(_LOOK_SECONDS, self.look)

    async def look(self) -> None:
        """Puts aside what is there, if so many stats are new."""
        count = self._count()
        self._known = min(self._known, count)  # those that have gone and come again are new objects
        if count - self._known > max(self._known // 4, _FEW):
            self.put_aside()

    def put_aside(self) -> None:
        """Puts aside all that there is, but for cycles that nobody uses: from then on those would stay for ever."""
        self._known = self._count()
        gc.unfreeze()
        gc.collect()
        gc.freeze()
