"""How pages of alerts show a length of time."""

from datetime import datetime, timedelta

from django import template

register = template.Library()

_UNITS = ((48 * 3600, 86_400, "d"), (90 * 60, 3600, "h"), (90, 60, "min"), (0, 1, "s"))


@register.filter
def length(value: timedelta | float) -> str:
    """In one unit, such as `4 s`, `12 min`, `3 h`, `5 d`; a number is one of seconds."""
    seconds = max(value.total_seconds() if isinstance(value, timedelta) else value, 0)
    size, unit = next((size, unit) for least, size, unit in _UNITS if seconds >= least)
    return f"{seconds / size:.0f} {unit}"


@register.filter
def length_since(value: datetime, start: datetime) -> str:
    """The length from `start` to the moment."""
    return length(value - start)
