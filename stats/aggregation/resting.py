"""Stats that rest: after an hour without a value only what a stat has counted is kept, until it speaks again."""

from typing import Any, NamedTuple

from stats.aggregation.partial import KINDS, Kind

Entry = dict[str, Any]
_REST_BYTES = 700  # of one, with its entry for a `.cur`
_Key = tuple[str, Kind, str]  # process, type, name


class Rest(NamedTuple):
    """What a stat goes on from: a counter's total, a gauge's last value or a timer's last average."""

    number: float
    emp: bool


class Resting:
    """The resting stats of an account, at most `most`: the one that rests longest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rests: dict[_Key, Rest] = {}
        self._shown: dict[str, Entry] | None = None  # as `.cur` files have it, until something changes

    @property
    def nbytes(self) -> int:
        """About what they take of memory."""
        return len(self._rests) * _REST_BYTES

    def put(self, process: str, kind: Kind, name: str, rest: Rest) -> None:
        """Lays a stat to rest."""
        self._rests[process, kind, name] = rest
        self._shown = None
        if len(self._rests) > self._most:
            del self._rests[next(iter(self._rests))]

    def take(self, process: str, kind: Kind, name: str) -> Rest | None:
        """What a stat that appears goes on from; None where it is new."""
        rest = self._rests.pop((process, kind, name), None)
        if rest is not None:
            self._shown = None
        return rest

    def forget(self, process: str) -> None:
        """All of a process."""
        self._rests = {key: rest for key, rest in self._rests.items() if key[0] != process}
        self._shown = None

    def number(self, process: str, kind: Kind, name: str) -> float:
        """What a resting stat goes on from; 0 where it does not rest."""
        rest = self._rests.get((process, kind, name))
        return rest.number if rest is not None else 0.0

    def names(self) -> list[tuple[str, Kind, str]]:
        """Process, type and name of each."""
        return list(self._rests)

    def of_process(self, process: str) -> Entry:
        """The resting stats of a process as its `.cur` has them; not to be changed."""
        if self._shown is None:
            self._shown = {}
            for (owner, kind, name), rest in self._rests.items():
                stats = self._shown.setdefault(owner, {each: {} for each in KINDS})
                stats[kind][name] = {"total" if kind == "c" else "last": rest.number, "emp": rest.emp}
        return self._shown.get(process) or {kind: {} for kind in KINDS}
