"""What people have said of a group of errors, and what that makes of it now."""

from dataclasses import dataclass
from typing import Literal

Said = Literal["seen", "resolved", "muted"]
State = Literal["new", "seen", "resolved", "regression", "muted"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody has `said` it `at` (Unix seconds); a mute lasts `until`."""

    said: Said
    at: float
    until: float | None = None


def state_of(decision: Decision | None, last: float, now: float) -> State:
    """The state of a group whose latest event was at `last`.

    Resolved, it is a regression as soon as it comes again; a mute that has ended leaves it seen.
    """
    if decision is None:
        return "new"
    if decision.said == "resolved":
        return "regression" if last > decision.at else "resolved"
    if decision.said == "muted" and decision.until is not None and now < decision.until:
        return "muted"
    return "seen"
