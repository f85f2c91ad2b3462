"""Describes commits in the OpenAPI document from the very structs that decode them, and what the APIs of days and usage
answer."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stats.aggregation.commit import Commit
from stats.usage import Usage

Time = Annotated[int, Meta(description="Unix time at which the bin begins.")]
Days = Annotated[int, Meta(description="How many of the 7 days before have values here.", ge=1, le=7)]
Quantiles = Annotated[
    list[float] | UnsetType | None,
    Meta(
        description="With `q` asked for: the value under which each of these shares of the values lies, within 1 %. "
        "Null where not all of the values are in sketches."
    ),
]


class Bin(Struct, kw_only=True):
    """What a bin says of its values."""

    t: Time
    sum: float
    avg: float
    max: float
    min: float
    bot: Annotated[float, Meta(description="A tenth of the values lies under it.")]
    top: Annotated[float, Meta(description="A tenth of the values lies over it.")]
    fst: float
    lst: float
    q: Quantiles = UNSET


class DayPoint(Bin, kw_only=True):
    """All values of a bin."""

    cnt: int


class WeekPoint(Bin, kw_only=True):
    """The means over those of the 7 days before that have values at this time; `avg` is of all their values."""

    cnt: float
    days: Days


class TypicalPoint(Struct, kw_only=True):
    """Between which of the plotted value (a counter's `sum`, else `avg`) the 7 days before mostly lay."""

    t: Time
    low: float
    mid: float
    high: float
    days: Days


class StatDay(Struct, kw_only=True):
    """A stat's day beside the 7 days before it. The lists have an entry for each bin; null: there is nothing."""

    date: Annotated[str, Meta(description="The local day.", extra_json_schema={"format": "date"})]
    tz: str
    start: Annotated[int, Meta(description="Unix time of the first bin.")]
    step: Annotated[int, Meta(description="Minutes of a bin; the last may be shorter.", ge=1, le=60)]
    today: list[DayPoint | None]
    week: list[WeekPoint | None]
    typical: Annotated[list[TypicalPoint | None], Meta(description="From three days with values on.")]
    day: Annotated[DayPoint | None, Meta(description="All values of the day.")]


DAY_ANSWER = {"$ref": "#/components/schemas/StatDay"}
USAGE_ANSWER = {"$ref": "#/components/schemas/Usage"}


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """A postprocessing hook of drf-spectacular: puts the schemas of commits, days and usage among the components."""
    _, components = msgspec.json.schema_components([Commit, StatDay, Usage], ref_template="#/components/schemas/{name}")
    result["components"].setdefault("schemas", {}).update(components)
    return result
