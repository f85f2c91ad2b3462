"""The journal, read again at a start: what was taken since the last flush counts as it did then."""

from collections.abc import Callable, Collection

from stats import removal
from stats.aggregation.commit import Commit, InvalidCommit, decode
from stats.aggregation.engine import Engine
from stats.flushing import Flushing
from stats.storage.journal import Journal
from stats.storage.segment import Record

Count = Callable[[int, Commit, float], None]


class Replay:
    """One reading of all segments. `held` are the accounts of the shard; `count` counts a commit of an account that
    came at a Unix time, where it was not taken before, and raises InvalidCommit."""

    def __init__(
        self, journal: Journal, engine: Engine, flushing: Flushing, held: Collection[int], count: Count
    ) -> None:
        self._journal = journal
        self._engine = engine
        self._flushing = flushing
        self._held = held
        self._count = count
        self._begun = False

    def run(self) -> None:
        """Applies the segments again, and goes on with the last one, where its minute may not be over. Raises
        OSError."""
        segments = self._journal.segments()
        for number in segments:
            self._read(number)
        if segments and segments[-1] in self._journal.segments():
            self._journal.open_segment(segments[-1])

    def _read(self, number: int) -> None:
        """Where a minute ends before the segment's first record, the segments before it are a unit."""
        for index, record in enumerate(self._journal.read(number)):
            if not self._begun:
                self._engine.set_clock(record.at)
                self._begun = True
            ended = self._engine.advance(record.at)
            if ended is not None and index == 0:
                self._flushing.end_segment(ended)
            elif ended is not None:
                self._flushing.end_within_segment(ended)
            self._journal.number = number
            self._take_again(number, record)
        self._journal.number = number

    def _take_again(self, number: int, record: Record) -> None:
        """What was taken before the restart. A commit may be known where somebody has put a segment back."""
        if record.account not in self._held:
            self._journal.refuse(number, record, f"account {record.account} is not one of this shard")
            return
        name = removal.read(record.body)
        if name is not None:
            self._engine.registry.remove(record.account, name)
            return
        try:
            self._count(record.account, decode(record.body), record.at)
        except InvalidCommit as error:  # another version has taken it
            self._journal.refuse(number, record, str(error))
