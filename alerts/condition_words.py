"""A condition in a few words, as the list of rules shows it."""

from alerts.conditions import Above, Below, Condition, Errors, StoppedResponding, StoppedWorking, UnlikeTypical

_ERRORS = {"new": "a new group", "regression": "a group that comes back"}
_SIDES = {"both": "unlike", "above": "above", "below": "below"}


def in_words(condition: Condition) -> str:
    """Such as `value above 10 for 3 of 5 min`."""
    if isinstance(condition, Above | Below):
        way = "above" if isinstance(condition, Above) else "below"
        return f"{condition.measure} {way} {condition.limit:,g} {_minutes(condition.needed, condition.window)}"
    if isinstance(condition, UnlikeTypical):
        reach = f" by {condition.percent:g} %" if condition.percent is not None else _width(condition.width)
        return f"{_SIDES[condition.side]} what is usual{reach} {_minutes(condition.needed, condition.window)}"
    if isinstance(condition, StoppedWorking):
        return "stopped working for " + (
            f"{condition.minutes:,} min" if condition.minutes is not None else "longer than usual"
        )
    if isinstance(condition, StoppedResponding):
        return f"silent for {condition.seconds:,} s"
    return _errors(condition)


def _errors(condition: Errors) -> str:
    if condition.limit is None:
        return _ERRORS[condition.on]
    return f"more than {condition.limit:,g}/min {_minutes(condition.needed, condition.window)}"


def _width(width: float) -> str:
    return "" if width == 1 else f", {width:g} times the band,"


def _minutes(needed: int, window: int) -> str:
    return f"for {needed:,} min" if needed == window else f"for {needed:,} of {window:,} min"
