"""A ledger of every value that was acknowledged, and the audit: the files and the live values must say the same."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stats.aggregation.vitals import ERRORS, VITALS
from tests.server import Keys, Server, wait_for

KEPT_EVENTS = 100
Stat = tuple[str, str, str]  # process, type, name


@dataclass
class Tally:
    """What is known of some values."""

    sum: float = 0.0
    cnt: int = 0
    min: float = float("inf")
    max: float = float("-inf")

    def add(self, other: "Tally") -> None:
        self.sum += other.sum
        self.cnt += other.cnt
        self.min = min(self.min, other.min)
        self.max = max(self.max, other.max)


def tally(values: list[float]) -> Tally:
    return Tally(sum(values), len(values), min(values), max(values))


@dataclass
class Ledger:
    """Tallies by stat, error messages by process in their order, how many errors a client has folded into counts, by
    process, and how many commits and repeats were acknowledged."""

    stats: dict[Stat, Tally] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    folded: dict[str, int] = field(default_factory=dict)
    commits: int = 0
    repeats: int = 0

    def enter(self, stat: Stat, amount: Tally) -> None:
        self.stats.setdefault(stat, Tally()).add(amount)

    def add(self, other: "Ledger") -> None:
        for stat, amount in other.stats.items():
            self.enter(stat, amount)
        for process, messages in other.errors.items():
            self.errors.setdefault(process, []).extend(messages)
        for process, number in other.folded.items():
            self.folded[process] = self.folded.get(process, 0) + number
        self.commits += other.commits
        self.repeats += other.repeats


@dataclass
class Audit:
    """What an audit found: sentences, and how many acknowledged values are missing or there too often."""

    differences: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0

    def expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.differences.append(f"{what}: found {found}, expected {expected}")

    def count(self, found: int, expected: int) -> None:
        self.lost += max(expected - found, 0)
        self.doubled += max(found - expected, 0)


def audit_live(server: Server, keys: Keys, ledger: Ledger, audit: Audit) -> None:
    """Compares the live totals of all counters; the server runs."""
    totals: dict[Stat, float] = {}
    for state in wait_for(lambda: _current(server, keys), 60, "the live values"):
        totals |= _totals(state)
    audit.expect("live totals", totals, {stat: kept.sum for stat, kept in ledger.stats.items() if stat[1] == "c"})


def audit_files(data: Path, keys: Keys, ledger: Ledger, audit: Audit) -> None:
    """Compares all files of the account; the server has stopped."""
    folder = data / "stats" / str(keys.account)
    found: dict[Stat, Tally] = {}
    for path in sorted(folder.glob("*/*/*.prt")):
        for amount in _lines(path, audit):
            kind, _, name = path.stem.partition("_")
            found.setdefault((path.parent.name, kind, name), Tally()).add(amount)
    for process, told in _told(ledger).items():
        audit.expect(f"errors in the files of {process}", found.get((process, "c", ERRORS), Tally()).sum, told)
    found = {stat: amount for stat, amount in found.items() if stat[2] not in VITALS}
    audit.expect("stats that have files", sorted(found), sorted(ledger.stats))
    for stat, expected in ledger.stats.items():
        amount = found.get(stat, Tally())
        audit.expect("/".join(stat), amount, expected)
        audit.count(amount.cnt, expected.cnt)
    _audit_states(folder, ledger, audit)
    _audit_errors(folder, ledger, audit)
    audit.expect("unfinished files", [str(path) for path in data.rglob("~*")], [])


def _current(server: Server, keys: Keys) -> list[dict[str, Any]]:
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    found: list[dict[str, Any]] = reply.json["processes"] if reply.status == 200 else []
    return found


def _lines(path: Path, audit: Audit) -> Iterator[Tally]:
    """HH:MM,SUM,CNT,MAX,MIN,…: the tally of each line; a file has each minute once, in order."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    minutes = [line[0] for line in lines]
    audit.expect(f"minutes of {path}", minutes, sorted(set(minutes)))
    for line in lines:
        yield Tally(float(line[1]), int(line[2]), float(line[4]), float(line[3]))


def _audit_states(folder: Path, ledger: Ledger, audit: Audit) -> None:
    for process in {stat[0] for stat in ledger.stats}:
        state = json.loads((folder / "current" / f"{process}.cur").read_text())
        expected = {stat: kept.sum for stat, kept in ledger.stats.items() if stat[0] == process and stat[1] == "c"}
        audit.expect(f"totals in {process}.cur", _totals(state), expected)
        audit.expect(f"errors in {process}.cur", state["err"], _told(ledger).get(process, 0))


def _totals(state: dict[str, Any]) -> dict[Stat, float]:
    """Those of a process's counters but the server's own, also of those that rest: a step of the clock is an hour
    without values."""
    counters = state["stats"]["c"] | state["resting"]["c"]
    return {(state["nam"], "c", name): entry["total"] for name, entry in counters.items() if name not in VITALS}


def _told(ledger: Ledger) -> dict[str, int]:
    """How many errors each process has told of."""
    one_by_one = {process: len(messages) for process, messages in ledger.errors.items()}
    return {name: one_by_one.get(name, 0) + ledger.folded.get(name, 0) for name in one_by_one | ledger.folded}


def _audit_errors(folder: Path, ledger: Ledger, audit: Audit) -> None:
    """The file has the last 100; which of two processes was first nobody knows, but of each they are its last ones. The
    groups have all."""
    events = _entries(folder / "errors")
    told = sum(map(len, ledger.errors.values()))
    folded = sum(event["nam"] in ledger.folded for event in events)
    audit.expect("errors kept", len(events), min(told + folded, KEPT_EVENTS))
    kept = Counter(event["nam"] for event in events)
    for process, messages in ledger.errors.items():
        shown = [event["msg"] for event in events if event["nam"] == process]
        audit.expect(f"errors of {process}", shown, messages[len(messages) - kept[process] :])
    grouped: Counter[str] = Counter()
    for group in _entries(folder / "groups"):
        sent = {
            process: count for process, count in group["nam"].items() if process in ledger.errors.keys() | ledger.folded
        }
        grouped.update(sent)
    expected = _told(ledger)
    audit.expect("errors in groups", dict(grouped), expected)
    for process, number in expected.items():
        audit.count(grouped[process], number)


def _entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
