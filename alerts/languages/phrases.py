"""What a language has to say so that every sentence of an alert can be made in it.

The sentence (`alerts.sentence`) chooses the phrases by the facts; a phrase says where they stand in it. `{}` is the
number, or the one thing, that a phrase is about.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Counted(NamedTuple):
    """A phrase with a number: what is said of one, and of any other."""

    one: str
    many: str

    def of(self, number: int | str) -> str:
        """The phrase of a number, or of what is said for it."""
        return (self.one if str(number) == "1" else self.many).format(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The parts of the sentence.

    `joint` stands between a name, a measure and a number. Lengths of time are said as they stand behind `for` and
    `after`. `power` has a `{number}` and the `{power}` of ten by which it is multiplied. Phrases of the usual have a
    `{clock}`, which is `hour` and `past` (minutes) or `full`; those of `typical_days` begin with Monday. The phrases of
    how it began and ended have a `{name}` and what their names say; `{facts}` and `{number}` begin with the joint.
    """

    # numbers
    point: str
    group: str  # between thousands
    minus: str
    power: str
    # units
    per_minute: str
    per_second: str
    percent: str
    milliseconds: Counted
    # how long, how often
    seconds: Counted
    minutes: Counted
    hours: Counted
    days: Counted
    and_: str
    times: Counted
    # measures
    joint: str
    average: str
    sum: str
    lowest: str
    highest: str
    percentile: str
    unknown: str
    nameless: str  # of something whose name is made of signs only
    # what it is compared with
    above_limit: str
    below_limit: str
    above_usual: str
    below_usual: str
    instead_of_usual: str
    typical_days: tuple[str, ...]
    week: str
    hour: Counted
    past: Counted
    full: str
    # how it began
    beyond: str
    stopped: str
    zero: str
    no_value: str
    away: str
    silent: str
    new_error: str
    regression: str
    # how it ended
    moves: str
    heard: str
    well: str
    quiet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPhrases:
    """What is said around the sentences of a call. `several` has the `{number}` of incidents and the `{account}`,
    `incident` the number of one."""

    hello: str
    incident: str
    several: str
    more: Counted
    still: str
    test: str
    keys: str
    acknowledged: str
    resolved: str
    before: str
    unknown_key: str
    goodbye: str
