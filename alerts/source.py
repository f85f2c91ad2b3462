"""What alerts know of an account: the one module that reads what `stats` offers."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
import numpy as np
from django.conf import settings

from accounts.models import Account
from alerts import measures, targets
from alerts.conditions import StoppedWorking
from alerts.evaluation import Known as KnownAtOnce
from alerts.live_rules import LiveRule, LiveRules, asks_for_resting
from alerts.models import TargetKind
from alerts.observation import LOOK, MINUTE, Known, News, Observation
from alerts.targets import StatName
from alerts.usual import Usual
from stats import owned
from stats.aggregation.arithmetic import CNT, MAX, MIN, Floats
from stats.aggregation.group_state import Decision, state_of
from stats.aggregation.partial import Aggregate, Kind
from stats.aggregation.sketches.decoding import decode, joined
from stats.decisions import decisions_of
from stats.minutes import AccountMinute, GroupNews, LateMinute, ProcessSeen
from stats.owned import Asked

BEHIND = 15.0  # seconds by which the values of a process may come later than they were counted
RECENT = 86_400.0  # seconds since a process was heard of in which a pattern still finds it

Decisions = dict[tuple[str, str], Decision]  # by level and key of the group


def minutes(account: Account, after: int, live: LiveRules, now: float) -> list["Minute"]:
    """The flushed minutes of an account after that one, oldest first, with all that its rules ask for. Raises
    EngineError."""
    asked = Asked(after, live.sketches, live.reach, now - RECENT if live.resting else None)
    found = owned.minutes(account, asked)
    said = _decisions(account) if any(one.groups for one in found) else {}
    usual = Usual(account.pk, settings.DATTSS_DATA / "stats")
    return [Minute(account.pk, one, said, usual) for one in found]


def look(account: Account, now: float) -> "Look":
    """What is known of the account's processes now. Raises EngineError."""
    found, listening = owned.processes(account)
    return Look(found, listening, now)


def _decisions(account: Account) -> Decisions:
    return {(level, key): said for level in targets.LEVELS for key, said in decisions_of(account, level).items()}


class _Values:
    """The numbers of an account's stats in a minute. `lines` are those by which patterns find them."""

    def __init__(self, told: AccountMinute | LateMinute) -> None:
        self._columns = told.values()
        self._sketches = told.sketches
        self._rows = {f"{process}/{kind}/{name}": row for row, (process, kind, name) in enumerate(told.stats)}
        self._numbers = self._columns.T.tolist()
        self._quantiles: dict[float, list[float]] = {}

    def __contains__(self, target: str) -> bool:
        return target in self._rows

    @cached_property
    def lines(self) -> str:
        return "\n".join(map(targets.line_of, self._rows))

    def has(self, target: str) -> bool:
        """Whether the stat had values."""
        row = self._rows.get(target)
        return row is not None and self._numbers[row][CNT] > 0

    def measured(self, target: str, kind: Kind, measure: str) -> float | None:
        """The measure of a stat that had values; None where nobody can tell it."""
        row = self._rows[target]
        aggregate = Aggregate(*self._numbers[row])
        share = measures.share_of(measure)
        if share is None:
            return measures.measured(aggregate, kind, measure)
        if share in measures.EXTREMES:
            return float(aggregate[measures.EXTREMES[share]])
        quantile = self._quantile(share)[row]
        if not np.isnan(quantile):
            return quantile
        return float(aggregate[measures.TAILS[share]]) if share in measures.TAILS else None

    def _quantile(self, share: float) -> list[float]:
        """The quantile of each stat; NaN where no sketch tells it."""
        found = self._quantiles.get(share)
        if found is None:
            found = self._quantiles[share] = _quantiles(self._sketches, self._columns, share)
        return found


class _Sight:
    """What is known of an account's stats in the minute that ends at `at`."""

    every = MINUTE

    def __init__(
        self, account_id: int, told: AccountMinute | LateMinute, seen: list[ProcessSeen], usual: Usual
    ) -> None:
        self.account_id = account_id
        self.minute = told.minute
        self.at = (told.minute + 1) * MINUTE
        self._values = _Values(told)
        self._processes = {process.name: process for process in seen}
        self._usual = usual

    def title(self, target: str) -> str:  # noqa: ARG002  (stats are called by their names)
        return ""

    def _of_stat(self, rule: LiveRule, target: str, known: Known) -> Observation:
        """`known`: what it means that it has no value."""
        stat = targets.stat_of(target)
        assert stat is not None  # noqa: S101  (rules are checked)
        measure = rule.condition.measure_of
        if self._values.has(target):
            value = self._values.measured(target, stat.kind, measure)
            known = known if known == "late" else "value"
        else:
            value = measures.of_nothing(stat.kind, measure) if known == "quiet" else None
        return Observation(
            self.at,
            known,
            value,
            restarted=self._restarted(self._processes.get(stat.process)),
            usual_gap=self._usual_gap(rule, stat),
            typical=self._usual.typical(stat, rule.zone, self.minute) if measure == measures.PLOTTED else None,
        )

    def _usual_gap(self, rule: LiveRule, stat: StatName) -> int | None:
        learns = isinstance(rule.condition, StoppedWorking) and rule.condition.minutes is None
        return self._usual.gap(stat, rule.zone, self.minute) if learns else None

    def _restarted(self, process: ProcessSeen | None) -> bool:
        if process is None or process.upt is None:
            return False
        return self.at - MINUTE < process.seen - process.upt <= self.at


class Minute(_Sight, KnownAtOnce):
    """A flushed minute of an account."""

    def __init__(self, account_id: int, told: AccountMinute, said: Decisions, usual: Usual) -> None:
        super().__init__(account_id, told, told.processes, usual)
        self._late = [ToldAgain(account_id, one, told, usual) for one in told.late]
        self._resting = "\n".join(targets.line_of("/".join(stat)) for stat in told.resting)
        self._whole = told.whole
        self._said = said
        self._groups = {f"{group.level}/{group.key}": group for group in told.groups}

    @property
    def late(self) -> Sequence[KnownAtOnce]:
        return self._late

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        if rule.kind == TargetKind.PATTERN:
            like = targets.lines_like(rule.target)
            resting = like.findall(self._resting) if asks_for_resting(rule) else []
            still = (one for one in before if targets.matches(rule.target, one))
            return dict.fromkeys([*like.findall(self._values.lines), *resting, *still])
        if rule.kind == TargetKind.GROUP and rule.target.endswith("/*"):
            level = rule.target[:-1]
            return dict.fromkeys(one for one in (*self._groups, *before) if one.startswith(level))
        return (rule.target,)

    def observation(self, rule: LiveRule, target: str) -> Observation:
        if rule.kind == TargetKind.GROUP:
            return self._of_group(target)
        return self._of_stat(rule, target, self._known(self._processes.get(targets.process_of(target))))

    def title(self, target: str) -> str:
        group = self._groups.get(target)
        return group.title if group is not None else ""

    def _known(self, process: ProcessSeen | None) -> Known:
        """What it means that a stat of the process has no value."""
        if not self._whole:
            return "late"
        if process is None or process.heard < self.at - MINUTE:
            return "away"
        return "late" if process.heard - process.seen > BEHIND else "quiet"

    # --- groups ---------------------------------------------------------------------------------------------------

    def _of_group(self, target: str) -> Observation:
        known: Known = "value" if self._whole else "late"
        group = self._groups.get(target)
        if group is None:
            return Observation(self.at, known, 0.0)
        return Observation(self.at, known, float(group.number), news=self._news(group))

    def _news(self, group: GroupNews) -> News | None:
        if group.new:
            return "new"
        decision = self._said.get((group.level, group.key))
        return "regression" if state_of(decision, group.last, self.at) == "regression" else None


class ToldAgain(_Sight, KnownAtOnce):
    """A minute that values came late for in one that was flushed since, `by`: only the stats that they were of."""

    late = ()

    def __init__(self, account_id: int, told: LateMinute, by: AccountMinute, usual: Usual) -> None:
        super().__init__(account_id, told, by.processes, usual)
        self._by = by.minute

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:  # noqa: ARG002  (no others are told)
        if rule.kind == TargetKind.PATTERN:
            return targets.lines_like(rule.target).findall(self._values.lines)
        return (rule.target,) if rule.target in self._values else ()

    def observation(self, rule: LiveRule, target: str) -> Observation:
        process = self._processes.get(targets.process_of(target))
        # One that is still behind has more to tell of the minute.
        known: Known = "late" if process is not None and process.seen < self.at else "value"
        newest = self._by - 1 if rule.condition.remembers else self._by
        return msgspec.structs.replace(self._of_stat(rule, target, known), again=newest - self.minute)


class Look(KnownAtOnce):
    """A look at an account's processes at `at`, Unix time in whole `LOOK` seconds."""

    every = LOOK
    late = ()

    def __init__(self, processes: list[ProcessSeen], listening: float, now: float) -> None:
        self.at = int(now // LOOK) * LOOK
        self._now = now
        self._listening = listening
        self._heard = {process.name: process.heard for process in processes}

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        if "*" not in rule.target:
            return (rule.target,)
        recent = [name for name, heard in self._heard.items() if self._now - heard < RECENT]
        return dict.fromkeys(name for name in (*recent, *before) if targets.matches(rule.target, name))

    def observation(self, rule: LiveRule, target: str) -> Observation:  # noqa: ARG002  (all ask the same)
        heard = self._heard.get(target)
        if heard is None:
            return Observation(self.at, "away")
        silent = max(self._now - max(heard, self._listening), 0.0)
        return Observation(self.at, "value", silent=silent)

    def title(self, target: str) -> str:
        return target


def _quantiles(sketches: list[str], columns: Floats, share: float) -> list[float]:
    told = np.full(columns.shape[1], np.nan)
    places = [row for row, text in enumerate(sketches) if text]
    if places:
        found = decode(joined([sketches[row] for row in places]))
        quantiles = np.clip(found.quantiles([share])[0], columns[MIN, places], columns[MAX, places])
        told[places] = np.where(found.totals() > 0, quantiles, np.nan)
    numbers: list[float] = told.tolist()
    return numbers
