"""The schemas of the OpenAPI document: commits from the very structs that decode them, and whatever is answered."""

from typing import Annotated, Any, Literal

import msgspec
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from msgspec import UNSET, Meta, Struct, UnsetType

from stats.aggregation.commit import Commit
from stats.aggregation.error_groups import ErrorGroup
from stats.aggregation.group_state import State
from stats.aggregation.instances import Instance
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
    """Between which of the plotted value (a counter's `sum`, else `avg`) the 7 days before mostly lay; once there are
    four weeks, mostly those of the same weekday."""

    t: Time
    low: float
    mid: float
    high: float
    days: Annotated[int, Meta(description="How many days with values here were compared.", ge=3, le=10)]


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


class LiveCounter(Struct, kw_only=True):
    """A counter: since it appeared, in the last 60 s, a second."""

    total: float
    sum: float
    rate: float
    emp: bool


class LiveGauge(Struct, kw_only=True):
    """A gauge: its last value, and the last 60 s; null where they have none."""

    last: float
    avg: float | None
    min: float | None
    max: float | None
    emp: bool


class LiveTimer(Struct, kw_only=True):
    """A timer: the average of the newest 5 s that have values, and the last 60 s; null where they have none."""

    last: float
    avg: float | None
    min: float | None
    max: float | None
    bot: float | None
    top: float | None
    rate: Annotated[float, Meta(description="Values a second.")]
    emp: bool


class LiveStats(Struct, kw_only=True):
    """The live stats of a process, each by its name."""

    c: dict[str, LiveCounter]
    g: dict[str, LiveGauge]
    ms: dict[str, LiveTimer]


class RestingStat(Struct, kw_only=True):
    """What is left of a stat without a value for an hour: a counter's `total`, else the `last` value."""

    emp: bool
    total: float | UnsetType = UNSET
    last: float | UnsetType = UNSET


class RestingStats(Struct, kw_only=True):
    """The resting stats of a process, each by its name."""

    c: dict[str, RestingStat]
    g: dict[str, RestingStat]
    ms: dict[str, RestingStat]


class ProcessState(Struct, kw_only=True):
    """A process; `mem` in bytes, `cpu` in per cent of one core, null where unknown."""

    nam: str
    state: Literal["up", "silent", "down"]
    upt: Annotated[float | None, Meta(description="Uptime in seconds.")]
    mem: float | None
    cpu: float | None
    err: Annotated[int, Meta(description="Errors since it appeared.")]
    wrn: Annotated[int, Meta(description="Warnings since it appeared.")]
    seen: Annotated[float, Meta(description="Unix time of its last commit.")]


class CurrentState(ProcessState, kw_only=True):
    """A process with its live stats, as its `.cur` file has them."""

    restarts: int
    restarted: Annotated[list[float], Meta(description="When the newest restarts were.")]
    late: Annotated[int, Meta(description="Late commits of instances that were folded away.")]
    missing: Annotated[int, Meta(description="Missing commits of instances that were folded away.")]
    instances: Annotated[list[Instance], Meta(description="What is 0, empty or unknown is left out.")]
    stats: LiveStats
    resting: RestingStats


class InstanceHealth(Struct, kw_only=True):
    """A run of a program; times are Unix seconds."""

    iid: str
    state: Literal["up", "silent", "down"]
    ended: Annotated[bool, Meta(description="Another took its place.")]
    began: float
    seen: float
    upt: float | None
    mem: float | None
    cpu: float | None
    err: int
    wrn: int
    late: int
    missing: int
    hst: Annotated[str, Meta(description="Its machine.")]
    ver: Annotated[str, Meta(description="Its client.")]


class ProcessHealth(ProcessState, kw_only=True):
    """A process with its restarts, its losses and its instances: those that run first, then the newest first."""

    restarts: Annotated[int, Meta(description="Since it appeared.")]
    restarts_hour: Annotated[int, Meta(description="In the last hour; at most 128.")]
    restarts_every: Annotated[float | None, Meta(description="Seconds, where it restarts again and again.")]
    late: Annotated[int, Meta(description="Commits that came more than 5 s after their time.")]
    missing: Annotated[int, Meta(description="Commits that did not come.")]
    lost: Annotated[float, Meta(description="Values that its client had to drop.")]
    bad: Annotated[float, Meta(description="Names and values that its client could not read.")]
    more: Annotated[bool, Meta(description="There are more instances than are kept.")]
    instances: list[InstanceHealth]


class Processes(Struct, kw_only=True):
    """The processes of an account."""

    processes: list[ProcessHealth]


class Current(Struct, kw_only=True):
    """The processes of an account, with all their live stats."""

    processes: list[CurrentState]


class LoggedEvent(Struct, kw_only=True):
    """An error or a warning; `cnt` equal ones."""

    at: Annotated[float, Meta(description="Unix time.")]
    nam: Annotated[str, Meta(description="The process.")]
    lvl: Literal["error", "warning"]
    typ: str
    msg: str
    trc: Annotated[str, Meta(description="The stack.")]
    cnt: int
    grp: Annotated[str | UnsetType, Meta(description="The group that it belongs to.")] = UNSET


class GroupWithState(ErrorGroup, kw_only=True):
    """Equal errors or warnings, and what people have said of them."""

    state: State


class Events(Struct, kw_only=True):
    """The last errors or warnings, newest last, and the groups of all, without stacks."""

    events: list[LoggedEvent]
    groups: list[GroupWithState]


class Group(Struct, kw_only=True):
    """A group, and those of the last errors or warnings that are in it."""

    group: GroupWithState
    events: list[LoggedEvent]


class Taken(Struct, kw_only=True):
    """The commit is in the journal."""

    ok: Literal[True]
    dup: Annotated[bool | UnsetType, Meta(description="It was taken before and does not count again.")] = UNSET
    dropped: Annotated[int | UnsetType, Meta(description="Stats left out: the account has no room for more.")] = UNSET


class Refused(Struct, kw_only=True):
    """What is wrong, in a sentence."""

    error: str
    ok: Literal[False] | UnsetType = UNSET
    at: Annotated[str | UnsetType, Meta(description="Where in the commit.")] = UNSET


class Problem(Struct, kw_only=True):
    """Why there is no answer, in a sentence."""

    detail: str


def answer(struct: type[Struct], description: str = "") -> OpenApiResponse:
    """An answer with the content of that struct."""
    reference = {"$ref": f"#/components/schemas/{struct.__name__}"}
    return OpenApiResponse(reference, description or (struct.__doc__ or "").partition("\n")[0])


# What each route of the read API may answer in place of what was asked for.
REFUSALS: dict[Any, OpenApiResponse] = {
    400: answer(Refused, "Not a question: `error` says what is wrong with it."),
    401: answer(Problem, "Log in, or send a read key that is not revoked."),
    403: answer(Problem, "This key sends values."),
    404: answer(Problem, "There is none, or it is not yours."),
    406: answer(Problem, "Answers are JSON, and `Accept` does not want it."),
    429: answer(Problem, "Too many unknown keys came from this address; see `Retry-After`."),
    503: answer(Problem, "The server that has the account does not answer right now."),
}
# Of what changes something: REST framework names each field that is wrong.
_FAULTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
INVALID = OpenApiResponse(
    {"type": "object", "additionalProperties": _FAULTS}, "Not valid: what is wrong with each field."
)
NOT_JSON = answer(Problem, "What is sent must be JSON.")
COMMIT_ANSWERS: dict[Any, OpenApiResponse] = {
    200: answer(Taken),
    400: answer(Refused, "Not valid; `at` says where."),
    401: answer(Refused, "The key is missing, unknown or revoked."),
    403: answer(Refused, "A read key."),
    406: REFUSALS[406],
    413: answer(Refused, "Over 1 MiB, or 8 MiB unpacked."),
    429: answer(Refused, "Over the account's rate, or too many unknown keys came from this address."),
    503: answer(Refused, "It cannot be kept right now. Send it again."),
}
RETRY_AFTER = OpenApiParameter(
    "Retry-After", int, OpenApiParameter.HEADER, response=[429, 503], required=True, description="Seconds."
)
COMMIT_KEYS = {
    "sendKey": {"type": "http", "scheme": "bearer", "description": "An ingest key, from the account's keys page."},
    "sendKeyInQuery": {"type": "apiKey", "in": "query", "name": "auth", "description": "The same as `?auth=`."},
}

COMMIT_SECURITY: Any = [{name: []} for name in COMMIT_KEYS]  # the package's type has only names


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """A postprocessing hook of drf-spectacular: puts the schemas and keys of above among the components."""
    described = [Commit, StatDay, Processes, Current, Events, Group, Usage, Taken, Refused, Problem]
    _, components = msgspec.json.schema_components(described, ref_template="#/components/schemas/{name}")
    result["components"].setdefault("schemas", {}).update(components)
    result["components"]["securitySchemes"].update(COMMIT_KEYS)
    return result
