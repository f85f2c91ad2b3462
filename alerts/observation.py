"""What is known of a target for one minute, or at one look: all that a rule ever judges by."""

from typing import Literal

import msgspec

Known = Literal["value", "quiet", "away", "late"]
News = Literal["new", "regression"]

LOOK = 10  # seconds between two looks at a process
MINUTE = 60


class Typical(msgspec.Struct, frozen=True):
    """What is usual at a minute, in the value's unit: the band's `low`, `mid`, `high`, and the week's `mean`."""

    low: float
    mid: float
    high: float
    mean: float


class Observation(msgspec.Struct, frozen=True):
    """One minute, or one look, of one target.

    `at` is the Unix time in seconds at which the minute ends, or of the look. `known` tells four things apart:

    - `value`: values came, zeros among them.
    - `quiet`: the stat's process was there, and the stat had no value.
    - `away`: the server listened, and the process sent nothing at all.
    - `late`: nobody can say yet. The server was down, or the process is behind with what it sends. No rule fires or
      recovers by it.

    `value` is the number that the condition is about (`Condition.measure_of`, `measures.measured`): with `quiet`, what
    it means that nothing came, 0 for what is counted (`measures.of_nothing`); None where there is no such number, and
    with `away`. `restarted`: the process began anew within the minute, which is thus not a whole one. `again`: of a
    minute that is told once more because values came late, by how many minutes it lies before the newest that was
    judged (0: it is that one); else None. `silent`: for how many seconds the process has sent nothing, as a steady
    clock tells, and no longer than the server has listened. `typical`: None where too few days are known. `usual_gap`:
    for how many minutes the stat may be quiet at this hour of the week (`quiet_gaps`); None where that is not known.
    `news`: what an error group is by then.
    """

    at: int
    known: Known = "value"
    value: float | None = None
    restarted: bool = False
    again: int | None = None
    silent: float | None = None
    typical: Typical | None = None
    usual_gap: int | None = None
    news: News | None = None
