"""What a rule waits for: typed conditions, their JSON, and what each says of one minute or look.

Every condition is a case of one machine (`rules`): how many bad ones of how many fire, how many good ones in a row end
it, and a verdict on each. A condition never looks at a clock, and what it does not know it calls unknown.
"""

import math
import re
from typing import Any, ClassVar, Literal

import msgspec

from alerts import measures
from alerts.observation import LOOK, MINUTE, Observation

Verdict = Literal["b", "-", "g", "?"]
BAD: Verdict = "b"
BETWEEN: Verdict = "-"  # not bad, and not good enough to end an alarm
GOOD: Verdict = "g"
UNKNOWN: Verdict = "?"

LONGEST = 24 * 60  # minutes of anything that a condition waits for
MOST_SECONDS = 24 * 3600
LEAST_SECONDS = 15  # a client commits each 5 s; below three of them every pause would be an alarm

_UNKNOWN_LIMIT = (None, None)
Limits = tuple[float | None, float | None]  # a value below the first, or above the second, is bad


class ConditionError(ValueError):
    """A condition that makes no sense: the message is a sentence for the one who wrote it, about `field`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class _Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    every: ClassVar[int] = MINUTE  # seconds between two observations
    remembers: ClassVar[bool] = False  # whether it judges only what was alive before

    @property
    def needed(self) -> int:
        """How many bad ones fire."""
        return 1

    @property
    def window(self) -> int:
        """Of how many that lie behind one another."""
        return 1

    @property
    def recovery(self) -> int:
        """How many good ones in a row end it; unknown ones between them do not count, and do not break the row."""
        return 1

    @property
    def reach(self) -> int:
        """How many observations before the newest one it may still matter to it that values came late."""
        return max(self.window, self.recovery)

    @property
    def measure_of(self) -> str:
        """The measure that an observation's `value` has to be."""
        raise NotImplementedError

    def limits(self, seen: Observation) -> Limits:
        """Below and above which number the value is bad at this minute; None: there is no such limit, or it is not
        known."""
        raise NotImplementedError

    def usual(self, seen: Observation) -> float | None:  # noqa: ARG002
        """What the value is compared with, where it is not a fixed limit."""
        return None

    def alive(self, seen: Observation) -> bool:  # noqa: ARG002
        """Whether an observation is a sign of life."""
        return False

    def verdict(self, seen: Observation, quiet: int) -> Verdict:
        """What it says of an observation. `quiet`: how many of them in a row are known to have been without a sign of
        life, -1 where there never was one."""
        raise NotImplementedError


class _Minutes(_Condition, frozen=True, kw_only=True):
    """`minutes` of `of` minutes (0: of as many), and over after `recovery_minutes` good ones."""

    minutes: int = 1
    of: int = 0
    recovery_minutes: int = 3

    def __post_init__(self) -> None:
        _between("minutes", self.minutes, 1, LONGEST)
        if self.of:
            _between("of", self.of, self.minutes, LONGEST)
        _between("recovery_minutes", self.recovery_minutes, 1, LONGEST)

    @property
    def needed(self) -> int:
        return self.minutes

    @property
    def window(self) -> int:
        return self.of or self.minutes

    @property
    def recovery(self) -> int:
        return self.recovery_minutes


class _Limit(_Minutes, frozen=True, kw_only=True):
    """A `limit` on a measure, and perhaps another one, `until`, that the value has to come back to."""

    limit: float
    measure: str = "value"
    until: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _finite("limit", self.limit)
        if not measures.is_measure(self.measure):
            raise ConditionError(
                "measure", f"The measure must be {_one_of(measures.MEASURES)} or p0 to p100, not {self.measure!r}."
            )
        if self.until is not None:
            _finite("until", self.until)

    @property
    def measure_of(self) -> str:
        return self.measure

    @property
    def back(self) -> float:
        """The limit of its end."""
        return self.limit if self.until is None else self.until


class Above(_Limit, frozen=True, kw_only=True, tag="above"):
    """The measure is above the limit; good again at `until` or below."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.back > self.limit:
            raise ConditionError("until", "The limit of recovery must not be above the limit.")

    def limits(self, seen: Observation) -> Limits:  # noqa: ARG002
        return None, self.limit

    def verdict(self, seen: Observation, quiet: int) -> Verdict:  # noqa: ARG002
        value = seen.value
        if value is None or seen.known == "late":
            return UNKNOWN
        if value > self.limit:
            return BAD
        return GOOD if value <= self.back else BETWEEN


class Below(_Limit, frozen=True, kw_only=True, tag="below"):
    """The measure is below the limit; good again at `until` or above. A minute in which the process began anew is not a
    whole one and no sign of too little."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.back < self.limit:
            raise ConditionError("until", "The limit of recovery must not be below the limit.")

    def limits(self, seen: Observation) -> Limits:  # noqa: ARG002
        return self.limit, None

    def verdict(self, seen: Observation, quiet: int) -> Verdict:  # noqa: ARG002
        value = seen.value
        if value is None or seen.known == "late":
            return UNKNOWN
        if value < self.limit:
            return UNKNOWN if seen.restarted else BAD
        return GOOD if value >= self.back else BETWEEN


class StoppedWorking(_Condition, frozen=True, kw_only=True, tag="stopped_working"):
    """A stat that was seen to move does not for `minutes`; None: for longer than is usual at this hour of the week.

    A minute without values, one of zeros, and one of a process that is away all count; one that nobody knows of, or in
    which the process began anew, does not. It is over when the stat moves.
    """

    remembers: ClassVar[bool] = True

    minutes: int | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None:
            _between("minutes", self.minutes, 1, LONGEST)

    @property
    def reach(self) -> int:
        return LONGEST if self.minutes is None else self.minutes

    @property
    def measure_of(self) -> str:
        return measures.MOVEMENT

    def limits(self, seen: Observation) -> Limits:  # noqa: ARG002
        return _UNKNOWN_LIMIT

    def allowed(self, seen: Observation) -> int | None:
        """For how many minutes it may be quiet; None where that is not known."""
        return self.minutes if self.minutes is not None else seen.usual_gap

    def alive(self, seen: Observation) -> bool:
        return bool(seen.value)

    def verdict(self, seen: Observation, quiet: int) -> Verdict:
        if quiet == 0:
            return GOOD
        allowed = self.allowed(seen)
        if quiet < 0 or allowed is None or seen.known == "late":
            return UNKNOWN
        if quiet >= allowed:
            return BAD
        return GOOD if seen.value else BETWEEN


class StoppedResponding(_Condition, frozen=True, kw_only=True, tag="stopped_responding"):
    """A process that was heard of sends nothing for `seconds`; over once it was heard of for `recovery_seconds`."""

    every: ClassVar[int] = LOOK
    remembers: ClassVar[bool] = True

    seconds: int = 30
    recovery_seconds: int = 30

    def __post_init__(self) -> None:
        _between("seconds", self.seconds, LEAST_SECONDS, MOST_SECONDS)
        _between("recovery_seconds", self.recovery_seconds, 0, MOST_SECONDS)

    @property
    def recovery(self) -> int:
        return 1 + -(-self.recovery_seconds // LOOK)

    @property
    def measure_of(self) -> str:
        return measures.MOVEMENT

    def limits(self, seen: Observation) -> Limits:  # noqa: ARG002
        return _UNKNOWN_LIMIT

    def alive(self, seen: Observation) -> bool:
        return seen.silent is not None and seen.silent < self.seconds

    def verdict(self, seen: Observation, quiet: int) -> Verdict:
        if seen.silent is None or seen.known == "late" or quiet < 0:
            return UNKNOWN
        return BAD if seen.silent >= self.seconds else GOOD


class UnlikeTypical(_Minutes, frozen=True, kw_only=True, tag="unlike_typical"):
    """What the plot draws is outside of what is usual at this minute.

    Usual is the band, `width` times as wide to each side of its middle; or, with `percent`, the week's average plus or
    minus so much of it. `side` says whether too much, too little, or both count.
    """

    minutes: int = 5
    width: float = 1.0
    percent: float | None = None
    side: Literal["both", "above", "below"] = "both"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.width <= 100:
            raise ConditionError(
                "width", f"The width must be more than 0 and up to 100 times the band, not {self.width:g}."
            )
        if self.percent is not None and not 0 < self.percent <= 100_000:
            raise ConditionError(
                "percent", f"The percentage must be more than 0 and up to 100,000, not {self.percent:g}."
            )

    @property
    def measure_of(self) -> str:
        return measures.PLOTTED

    def usual(self, seen: Observation) -> float | None:
        if seen.typical is None:
            return None
        return seen.typical.mid if self.percent is None else seen.typical.mean

    def limits(self, seen: Observation) -> Limits:
        usual = seen.typical
        if usual is None:
            return _UNKNOWN_LIMIT
        if self.percent is None:
            low, high = (
                usual.mid - (usual.mid - usual.low) * self.width,
                usual.mid + (usual.high - usual.mid) * self.width,
            )
        else:
            reach = abs(usual.mean) * self.percent / 100
            low, high = usual.mean - reach, usual.mean + reach
        return (None if self.side == "above" else low), (None if self.side == "below" else high)

    def verdict(self, seen: Observation, quiet: int) -> Verdict:  # noqa: ARG002
        value = seen.value
        if value is None or seen.typical is None or seen.known == "late":
            return UNKNOWN
        low, high = self.limits(seen)
        if high is not None and value > high:
            return BAD
        if low is not None and value < low:
            return UNKNOWN if seen.restarted else BAD
        return GOOD


class Errors(_Minutes, frozen=True, kw_only=True, tag="errors"):
    """An error group is new, or came again after it was resolved, or has more than `limit` events a minute.

    It is over after so many minutes without an event, or, with a limit, with no more than that.
    """

    on: Literal["new", "regression", "rate"]
    limit: float | None = None
    recovery_minutes: int = 30

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on == "rate":
            if self.limit is None:
                raise ConditionError("limit", "A rate of errors needs a limit.")
            _finite("limit", self.limit)
        elif self.limit is not None or self.window > 1:
            field = "minutes" if self.limit is None else "limit"
            raise ConditionError(field, "A limit and minutes go with a rate of errors only.")

    @property
    def measure_of(self) -> str:
        return measures.EVENTS

    def limits(self, seen: Observation) -> Limits:  # noqa: ARG002
        return None, self.limit

    def verdict(self, seen: Observation, quiet: int) -> Verdict:  # noqa: ARG002
        if seen.known == "late" or seen.value is None:
            return UNKNOWN
        if self.limit is not None:
            return BAD if seen.value > self.limit else GOOD
        if seen.news == self.on:
            return BAD
        return BETWEEN if seen.value > 0 else GOOD


Condition = Above | Below | StoppedWorking | StoppedResponding | UnlikeTypical | Errors

_decoder = msgspec.json.Decoder(Condition)
_encoder = msgspec.json.Encoder()


def encode(condition: Condition) -> str:
    """The condition as JSON, all fields with it."""
    return _encoder.encode(condition).decode()


def as_plain(condition: Condition) -> dict[str, Any]:
    """The same as plain values, for what makes JSON of them itself."""
    plain: dict[str, Any] = msgspec.to_builtins(condition)
    return plain


def decode(text: str | bytes) -> Condition:
    """The condition that JSON tells of. Raises ConditionError."""
    try:
        found: Condition = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise _told(error) from error
    return found


def convert(data: Any) -> Condition:
    """The same of a dictionary, as a form or the API has it. Raises ConditionError."""
    try:
        found: Condition = msgspec.convert(data, Condition)
    except msgspec.ValidationError as error:
        raise _told(error) from error
    return found


def _told(error: msgspec.DecodeError) -> ConditionError:
    """The sentence of our own checks, else one of msgspec's text: `Expected `float`, got `str` - at `$.limit``."""
    if isinstance(error.__cause__, ConditionError):
        return error.__cause__
    what, _, where = str(error).partition(" - at ")
    field = where.strip("`$.")
    if missing := _MISSING.fullmatch(what):
        return ConditionError(missing[1], f"{missing[1]} is missing.")
    if unknown := _UNKNOWN_FIELD.fullmatch(what):
        return ConditionError(unknown[1], f"{unknown[1]} is no field of this kind of condition.")
    return ConditionError(field, f"{field or 'The condition'} is wrong: {what[0].lower()}{what[1:]}.")


_MISSING = re.compile(r"Object missing required field `(\w+)`")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)


def _between(field: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise ConditionError(field, f"{field} must be from {least:,} to {most:,}, not {number:,}.")


def _finite(field: str, number: float) -> None:
    if not math.isfinite(number):
        raise ConditionError(field, f"{field} must be a finite number.")


def _one_of(names: tuple[str, ...]) -> str:
    return ", ".join(names)
