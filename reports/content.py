"""What a report says, as sections of lines. Pure; every text of a stranger is one harmless line here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from reports.facts import Facts, Group
from reports.findings import Growth
from reports.periods import Period
from reports.plain import one_line
from stats.storage.paths import Stat

MOST = 10  # lines of a section
_TIMES = 10.0  # from here on growth is told in times and not in percent
_HUGE = 1e12  # from here on numbers are told by their power of ten


@dataclass(frozen=True, slots=True)
class Line:
    """What it is about, and what is to be said of it."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Section:
    """Up to `MOST` lines of what has a heading, how many `more` there are, and the name of the `page` that has all."""

    heading: str
    lines: list[Line]
    more: int
    page: str


@dataclass(frozen=True, slots=True)
class Content:
    """All of a report: of which days, a `summary` in a few words, the sections that have something, and a `note`."""

    days: str
    summary: str
    sections: list[Section]
    note: str = ""

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections


def content(facts: Facts, period: Period) -> Content:
    """The report of a period."""
    sections = [
        _groups("new error", "first", facts.new, period.zone),
        _groups("error that came again", "last", facts.again, period.zone),
        _groups("new warning", "first", facts.new, period.zone),
        _groups("warning that came again", "last", facts.again, period.zone),
        _grown(facts.grew),
        _silent(facts, period.zone),
    ]
    told = [(words, section) for words, section in sections if section.lines]
    summary = ", ".join(words for words, _ in told) or "nothing new"
    note = f"{facts.unseen:,} further stats were not looked at." if facts.unseen else ""
    return Content(days_of(period), summary, [section for _, section in told], note)


def days_of(period: Period) -> str:
    """Such as `Monday, 23 November 2026` or `16 November to 22 November 2026`."""
    first, last = period.first, period.last
    if first == last:
        return f"{last:%A}, {last.day} {last:%B %Y}"
    year = "" if first.year == last.year else f" {first:%Y}"
    return f"{first.day} {first:%B}{year} to {last.day} {last:%B %Y}"


def _groups(one: str, when: Literal["first", "last"], groups: Sequence[Group], zone: ZoneInfo) -> tuple[str, Section]:
    """Those of the level that the words for `one` have, the loudest first."""
    level = "error" if "error" in one else "warning"
    found = sorted((group for group in groups if group["lvl"] == level), key=lambda group: -int(group["cnt"]))
    lines = [Line(_title(group), f"{_counted(group)}, {when} {_moment(group[when], zone)}") for group in found[:MOST]]
    return _section(len(found), one, one.replace(level, f"{level}s"), lines, f"{level}s")


def _title(group: Group) -> str:
    kind, text = one_line(group["typ"]), one_line(group["title"])
    return f"{kind}: {text}" if kind and text else kind or text or "without a text"


def _counted(group: Group) -> str:
    names = [one_line(name, 60) for name in sorted(group["nam"], key=lambda name: -int(group["nam"][name]))]
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    times = "once" if group["cnt"] == 1 else f"{number(group['cnt'])} times"
    return f"{times} in {names[0] if names else 'no process'}{others}"


def _grown(grew: Sequence[tuple[Stat, Growth]]) -> tuple[str, Section]:
    ordered = sorted(grew, key=lambda found: -(found[1].percent or float("inf")))
    lines = [Line(_name(stat), _beyond(stat, grown)) for stat, grown in ordered[:MOST]]
    return _section(len(grew), "stat that grew", "stats that grew", lines, "dashboard")


def _beyond(stat: Stat, grown: Growth) -> str:
    unit = " ms" if stat.kind == "ms" else ""
    each = "" if stat.kind == "c" else "on average "
    values = f"{each}{number(grown.value)}{unit}, usually {number(grown.usual)}{unit}"
    percent = grown.percent
    if percent is None:
        return values
    if percent >= 100 * (_TIMES - 1):
        return f"{values} ({number(percent / 100 + 1)} times as much)"
    return f"{values} (+{percent:.0f} %)"


def _silent(facts: Facts, zone: ZoneInfo) -> tuple[str, Section]:
    """Processes that are gone, each one line whatever stats it had, then single stats of others."""
    processes = sorted({stat.process for stat, _ in facts.silent if stat.process in facts.gone})
    stats = [(stat, at) for stat, at in facts.silent if stat.process not in facts.gone]
    lines = [
        *(Line(one_line(name), f"process, last heard {_moment(facts.gone[name], zone)}") for name in processes),
        *(Line(_name(stat), f"last value in the hour from {_moment(at, zone)}") for stat, at in stats),
    ]
    return _section(len(lines), "went silent", "went silent", lines[:MOST], "processes")


def _section(count: int, one: str, several: str, lines: list[Line], page: str) -> tuple[str, Section]:
    """The words of the summary, and the section."""
    words = one if count == 1 else several
    heading = several[0].upper() + several[1:]
    return f"{count:,} {words}", Section(heading, lines, count - len(lines), page)


def _name(stat: Stat) -> str:
    return one_line(f"{stat.process} / {stat.name}")


def _moment(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%a %Y-%m-%d %H:%M}"


def number(value: float) -> str:
    """A number for people: `4,210`, `0.125`, `3e+15`."""
    if abs(value) >= _HUGE:
        return f"{value:.3g}"
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"
