"""The day API over real HTTP: quantiles, refusals in sentences, and answers that are as the OpenAPI document says."""

import datetime as dt
import json
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jsonschema  # type: ignore[import-untyped]
import pytest

from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.prt_writer import Writer
from tests.server import Keys, Server
from tests.stats.one_sketch import sketch_of
from tests.visitor import Visitor

DAY = dt.date(2026, 11, 18)
MIDNIGHT = (DAY.toordinal() - dt.date(1970, 1, 1).toordinal()) * 1440


def line(values: list[float], *, sketched: bool) -> Aggregate:
    text = sketch_of(values) if sketched else ""
    low, high = min(values), max(values)
    return Aggregate(sum(values), len(values), high, low, low, high, values[0], values[-1], text)


@pytest.fixture
def written(server: Server, keys: Keys) -> Keys:
    """An account with minutes of four days; in one bin, one of them has no sketch."""
    rows = [
        MinuteRow(
            keys.account, "api", "ms", "query", MIDNIGHT - back * 1440 + minute, line(values, sketched=minute < 700)
        )
        for back in range(4)
        for minute, values in ((600, [10.0] * 99), (601, [500.0]), (700, [7.0]))
    ]
    Writer(server.data / "stats").write(of_rows(rows))
    return keys


def ask(server: Server, keys: Keys, query: str = "") -> Any:
    path = f"/api/v1/stats/api/ms/query/day/?date={DAY}{query}"
    return server.request("GET", path, Authorization=f"Bearer {keys.read_key}")


def test_quantiles_of_points_of_the_week_and_of_the_day(server: Server, written: Keys) -> None:
    answer = ask(server, written, "&q=0.5,1").json
    for point in (answer["today"][120], answer["week"][120]):
        assert point["q"] == pytest.approx([10, 500], rel=0.01)
        assert (point["bot"], point["top"]) == pytest.approx((10, 10), rel=0.01)
    assert answer["today"][140]["q"] is answer["week"][140]["q"] is answer["day"]["q"] is None
    assert (answer["day"]["cnt"], answer["day"]["sum"], answer["day"]["max"]) == (101, 1497, 500)
    assert "q" not in ask(server, written).json["today"][120]


@pytest.mark.parametrize("q", ["2", "0.5,", "x", "-1", ",".join(["0"] * 10), "0.5\n", "\u0660"])
def test_what_is_no_share_is_refused_in_a_sentence(server: Server, keys: Keys, q: str) -> None:
    reply = ask(server, keys, f"&q={quote(q)}")
    assert reply.status == 400
    assert reply.json["error"].startswith("q must be up to 9 shares from 0 to 1")


@pytest.mark.parametrize("query", ["", "&q=0.5", "&step=60&tz=Europe/Berlin&q=0,0.999"])
def test_answers_are_as_the_document_says(server: Server, written: Keys, query: str) -> None:
    document = server.request("GET", "/api/schema/?format=json").json
    described = document["paths"]["/api/v1/stats/{process}/{kind}/{name}/day/"]["get"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/StatDay"}
    assert {"date", "step", "tz", "q", "account"} < {parameter["name"] for parameter in described["parameters"]}
    closed = json.loads(json.dumps(document["components"]["schemas"]))
    for part in ("StatDay", "DayPoint", "WeekPoint", "TypicalPoint"):
        closed[part]["additionalProperties"] = False
    answer = ask(server, written, query).json
    jsonschema.validate(answer, {**schema, "components": {"schemas": closed}})
    assert any(answer["typical"])


# --- the person's time zone -------------------------------------------------------------------------------------------
def person_in(server: Server, zone: str, email: str) -> tuple[Keys, Visitor]:
    """Somebody with an account of his own, who chose the zone in the profile."""
    keys = server.new_account(email)
    visitor = Visitor(server).log_in(email)
    assert visitor.post("/profile/", {"timezone": zone, "theme": ""}).status == 200
    return keys, visitor


def day_of(visitor: Visitor, query: str = "") -> Any:
    return visitor.api("GET", f"stats/api/c/orders/day/?{query}").json


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_today_is_the_persons_day(server: Server, zone: str) -> None:
    """Between these two it is another day for 21 hours of each 24."""
    _, visitor = person_in(server, zone, f"today-{zone[-5:].lower()}@example.org")
    before = dt.datetime.now(ZoneInfo(zone)).date()
    day = day_of(visitor)
    after = dt.datetime.now(ZoneInfo(zone)).date()
    assert day["tz"] == zone
    assert day["date"] in (str(before), str(after))
    start = dt.datetime.fromtimestamp(day["start"], ZoneInfo(zone))
    assert (str(start.date()), start.hour, start.minute) == (day["date"], 0, 0)


def test_days_on_which_clocks_change_are_as_long_as_they_are(server: Server) -> None:
    _, visitor = person_in(server, "Europe/Berlin", "dst@example.org")
    days = {"2026-03-29": 23, "2026-03-30": 24, "2026-10-25": 25}
    assert {date: len(day_of(visitor, f"step=60&date={date}")["today"]) for date in days} == days


def test_the_zone_that_is_asked_for_counts_more_and_a_key_has_none(server: Server) -> None:
    keys, visitor = person_in(server, "Pacific/Auckland", "asked@example.org")
    assert day_of(visitor, "tz=Europe/Berlin")["tz"] == "Europe/Berlin"
    assert ask(server, keys).json["tz"] == "UTC"
    assert visitor.post("/profile/", {"timezone": "", "theme": ""}).status == 200
    assert day_of(visitor)["tz"] == "UTC"
