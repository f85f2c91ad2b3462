"""What a report says of which facts."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reports.content import MOST, Line, content, days_of, number
from reports.facts import Facts
from reports.findings import Growth
from reports.periods import Period
from stats.storage.paths import Stat

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = Period(date(2026, 11, 23), date(2026, 11, 23), BERLIN)
AT = datetime(2026, 11, 23, 14, 5, tzinfo=BERLIN).timestamp()


def group(**fields: Any) -> dict[str, Any]:
    known = {
        "lvl": "error",
        "typ": "ValueError",
        "title": "no such order",
        "cnt": 3,
        "nam": {"api": 3},
        "first": AT,
        "last": AT + 3600,
    }
    return known | fields


def facts(**fields: Any) -> Facts:
    return Facts(**({"new": [], "again": [], "grew": [], "silent": [], "gone": {}} | fields))


ORDERS, LATENCY = Stat(1, "api", "c", "orders"), Stat(1, "api", "ms", "latency")


@pytest.mark.parametrize(
    ("given", "summary", "heading", "page", "lines"),
    [
        pytest.param(
            facts(new=[group()]),
            "1 new error",
            "New errors",
            "errors",
            [Line("ValueError: no such order", "3 times in api, first Mon 2026-11-23 14:05")],
            id="a new error",
        ),
        pytest.param(
            facts(new=[group(lvl="warning", typ="", cnt=1, nam={"a": 1, "b": 5, "c": 2})]),
            "1 new warning",
            "New warnings",
            "warnings",
            [Line("no such order", "once in b and 2 more, first Mon 2026-11-23 14:05")],
            id="a new warning of several processes",
        ),
        pytest.param(
            facts(again=[group(), group(title="", typ="KeyError", cnt=12_000)]),
            "2 errors that came again",
            "Errors that came again",
            "errors",
            [
                Line("KeyError", "12,000 times in api, last Mon 2026-11-23 15:05"),
                Line("ValueError: no such order", "3 times in api, last Mon 2026-11-23 15:05"),
            ],
            id="regressions, the loudest first",
        ),
        pytest.param(
            facts(grew=[(ORDERS, Growth(4210, 1200)), (LATENCY, Growth(310.5, 12)), (ORDERS, Growth(5, 0))]),
            "3 stats that grew",
            "Stats that grew",
            "dashboard",
            [
                Line("api / orders", "5, usually 0"),
                Line("api / latency", "on average 310 ms, usually 12 ms (25.9 times as much)"),
                Line("api / orders", "4,210, usually 1,200 (+251 %)"),
            ],
            id="growth, the strongest first",
        ),
        pytest.param(
            facts(silent=[(ORDERS, AT), (LATENCY, AT), (Stat(1, "jobs", "c", "done"), AT)], gone={"api": AT + 60}),
            "2 went silent",
            "Went silent",
            "processes",
            [
                Line("api", "process, last heard Mon 2026-11-23 14:06"),
                Line("jobs / done", "last value in the hour from Mon 2026-11-23 14:05"),
            ],
            id="a process that is gone is one line",
        ),
    ],
)
def test_one_section(given: Facts, summary: str, heading: str, page: str, lines: list[Line]) -> None:
    found = content(given, MONDAY)
    (section,) = found.sections
    assert (found.summary, section.heading, section.page, section.lines, section.more) == (
        summary,
        heading,
        page,
        lines,
        0,
    )
    assert not found.quiet


def test_nothing_to_tell_is_quiet() -> None:
    found = content(facts(), MONDAY)
    assert (found.quiet, found.summary, found.note) == (True, "nothing new", "")


def test_all_of_it_is_in_order_and_long_lists_are_cut() -> None:
    many = [group(title=f"error {index}") for index in range(MOST + 7)]
    given = facts(new=[*many, group(lvl="warning")], grew=[(ORDERS, Growth(9, 1))], silent=[(LATENCY, AT)], unseen=1200)
    found = content(given, MONDAY)
    assert found.summary == "17 new errors, 1 new warning, 1 stat that grew, 1 went silent"
    assert (len(found.sections[0].lines), found.sections[0].more) == (MOST, 7)
    assert found.note == "1,200 further stats were not looked at."


def test_hostile_texts_are_cut_and_harmless() -> None:
    hostile = "\x1b[2J\u202e\0<script>alert(1)</script>\r\nBcc: x@example.org" + "x" * 1_000_000
    found = content(facts(new=[group(typ=hostile, title=hostile, nam={hostile: 1})]), MONDAY)
    (line,) = found.sections[0].lines
    for text in (line.title, line.detail):
        assert len(text) < 300
        assert not set(text) & set("\x1b\u202e\0\r\n")


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-11-23", "2026-11-23", "Monday, 23 November 2026"),
        ("2026-11-16", "2026-11-22", "16 November to 22 November 2026"),
        ("2026-12-28", "2027-01-03", "28 December 2026 to 3 January 2027"),
    ],
)
def test_days_have_names(first: str, last: str, text: str) -> None:
    assert days_of(Period(date.fromisoformat(first), date.fromisoformat(last), BERLIN)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.0, "3"), (0.125, "0.125"), (99.95, "100"), (4210.4, "4,210"), (3e15, "3e+15"), (-1e300, "-1e+300")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
