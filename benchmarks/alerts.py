"""Row `alerts`: a minute of 10,000 rules over 10,000 stats is evaluated: its CPU, the engine's answer and the database
with it, and the reading of what is usual, of which there are 29 days on the disk for all rules that ask; and what that
takes of one stat."""

import asyncio
import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks import child, load
from benchmarks.commits import Sender
from benchmarks.flush import fill
from benchmarks.own_shard import Clock, Opened, open_account, start_shard
from benchmarks.report import Bar, Line, middle

_STATS = 100  # of a process
_MINUTE = 60
_COMMITS = 12
_DAYS = 29
# Of ten rules: five on a limit, one of them on a percentile; three on what stopped, one of them learns; two on what is
# usual.
_CONDITIONS: tuple[dict[str, Any], ...] = (
    {"kind": "above", "limit": 1e12, "minutes": 3, "of": 5},
    {"kind": "above", "limit": 1e12, "measure": "average"},
    {"kind": "below", "limit": -1, "minutes": 5},
    {"kind": "below", "limit": -1, "measure": "rate"},
    {"kind": "stopped_working", "minutes": 10},
    {"kind": "above", "limit": 1e12, "measure": "p95"},  # each tenth stat that is a timer
    {"kind": "stopped_working", "minutes": 10},
    {"kind": "stopped_working"},
    {"kind": "unlike_typical"},
    {"kind": "unlike_typical", "percent": 50},
)

_LEARNS = _CONDITIONS[7:]
_MODELS = {"c": "orders", "ms": "query"}


def measure(rounds: int = 5, rules: int = 10_000) -> list[Line]:
    """Each round is a minute; then one in which each rule on an upper limit fires at once."""
    calm, storm = child.call("benchmarks.alerts:evaluations", rounds=rounds, rules=rules)
    usual = child.call("benchmarks.alerts:usual", rounds=rounds)
    what = f"a minute of {rules:,} rules over {rules:,} stats, CPU"
    return [
        middle(what, "s", calm, bar=Bar("ours", 3), note="engine's answer, SQLite, and reading what is usual"),
        Line(f"{what}, {rules * 3 // 10:,} of them fire at once", "s", ours=storm),
        middle(
            "what is usual of a stat, 29 days of minutes, CPU", "ms", usual, note="each four hours for a rule that asks"
        ),
    ]


def evaluations(rounds: int, rules: int) -> tuple[list[float], float]:
    """CPU seconds of each minute's evaluation, and of one in which half of the rules fire."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        opened = open_account(Path(folder))
        _make_rules(opened.account, rules)
        _lay_history(Path(folder) / "stats", opened.account, _learning(rules))
        return asyncio.run(_evaluations(opened, rounds, rules))


def _make_rules(account_id: int, number: int) -> None:
    """A rule on each stat that the senders have, in turn of all conditions."""
    from alerts.models import Rule  # noqa: PLC0415  (needs the loaded app registry)

    Rule.objects.bulk_create(
        Rule(
            account_id=account_id,
            name=f"Rule {place}",
            target_kind="stat",
            target=target,
            condition=_CONDITIONS[place % len(_CONDITIONS)],
        )
        for place, target in enumerate(_targets(_senders(number)))
    )


def _learning(rules: int) -> list[str]:
    """The stats whose rules ask for their past."""
    targets = enumerate(_targets(_senders(rules)))
    return [target for place, target in targets if _CONDITIONS[place % len(_CONDITIONS)] in _LEARNS]


def _lay_history(root: Path, account_id: int, targets: list[str]) -> None:
    """Each of them has the same past, as links to the same files: nothing writes into days that are over."""
    from alerts.targets import stat_of  # noqa: PLC0415  (needs the loaded app registry)
    from stats import demo  # noqa: PLC0415
    from stats.storage.lines import of_rows  # noqa: PLC0415
    from stats.storage.paths import Stat, prt_path  # noqa: PLC0415
    from stats.storage.prt_writer import Writer  # noqa: PLC0415

    today = int(time.time() // 86_400) * 1440
    model = root.parent / "model"
    rows = [one for one in demo.minutes(1, today - _DAYS * 1440, today, 1) if one.name in _MODELS.values()]
    Writer(model).write(of_rows(rows))
    days = [dt.datetime.fromtimestamp(today * 60, dt.UTC).date() - dt.timedelta(days=back + 1) for back in range(_DAYS)]
    for stat in map(stat_of, targets):
        assert stat is not None
        for day in days:
            link = prt_path(root, Stat(account_id, *stat), day)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(prt_path(model, Stat(1, "api", stat.kind, _MODELS[stat.kind]), day), link)


def _senders(stats: int) -> list[Sender]:
    return load.senders(stats // _STATS, _STATS, True)


def _targets(senders: list[Sender]) -> Iterator[str]:
    for sender in senders:
        lists = json.loads(sender.body())["prt"]
        pairs = zip(lists["c"], lists["ms"], strict=True)
        yield from (f"{sender.name}/{one['typ']}/{one['nam']}" for pair in pairs for one in pair)


async def _evaluations(opened: Opened, rounds: int, rules: int) -> tuple[list[float], float]:
    from alerts import usual as usual_of_stats  # noqa: PLC0415  (as above)
    from alerts.reading_time import ReadingTime  # noqa: PLC0415
    from stats import runtime  # noqa: PLC0415

    clock = Clock()
    usual_of_stats.reading = ReadingTime(clock)  # minutes pass faster here
    await start_shard(2 * rules, clock)
    runtime.loop = asyncio.get_running_loop()
    listening = asyncio.create_task(_listen())
    senders = _senders(rules)
    spent = []
    for _ in range(rounds + 1):
        await _pass_minute(opened.key, senders, clock)
        spent.append(await _evaluated(clock))
    await asyncio.to_thread(_lower_limits, opened.account)
    await _pass_minute(opened.key, senders, clock)
    storm = await _evaluated(clock)
    assert await asyncio.to_thread(_burning, opened.account) >= rules // 5
    listening.cancel()
    return spent[1:], storm


async def _listen() -> None:
    from channels.worker import Worker  # noqa: PLC0415  (as above)

    from dattss_site.asgi import application  # noqa: PLC0415
    from stats.channel import channel_layer  # noqa: PLC0415
    from stats.engine_channel import engine_channel  # noqa: PLC0415

    await Worker(application, [engine_channel(0)], channel_layer()).arun()


async def _pass_minute(key: str, senders: list[Sender], clock: Clock) -> None:
    from stats import runtime  # noqa: PLC0415  (as above)

    assert runtime.shard is not None
    for _ in range(_COMMITS):
        await fill(key, senders)
        clock.forward(_MINUTE / _COMMITS)
    await runtime.shard.flush()


async def _evaluated(clock: Clock) -> float:
    from alerts import rounds  # noqa: PLC0415  (as above)

    begun = time.process_time()
    await asyncio.to_thread(rounds.minute_round, 0, clock)
    return time.process_time() - begun


def _lower_limits(account_id: int) -> None:
    """So that what is above its limit fires at once."""
    from django.utils import timezone  # noqa: PLC0415  (as above)

    from alerts.models import Rule  # noqa: PLC0415

    fires = {"kind": "above", "limit": -1.0, "minutes": 1}
    rows = Rule.objects.filter(account_id=account_id, condition__kind="above")
    rows.update(condition=fires, changed=timezone.now())


def _burning(account_id: int) -> int:
    from alerts.models import Incident  # noqa: PLC0415  (as above)

    return Incident.objects.filter(account_id=account_id).count()


def usual(rounds: int) -> list[float]:
    """CPU milliseconds a stat, each round of other stats."""
    with TemporaryDirectory(prefix="dattss-bench-") as folder:
        open_account(Path(folder))
        from alerts.targets import StatName  # noqa: PLC0415  (needs the loaded app registry)
        from alerts.usual import Usual  # noqa: PLC0415
        from stats import demo  # noqa: PLC0415
        from stats.storage.lines import of_rows  # noqa: PLC0415
        from stats.storage.prt_writer import Writer  # noqa: PLC0415

        end = int(time.time() // _MINUTE)
        rows = list(demo.minutes(1, end - _DAYS * 1440, end, 1))
        Writer(Path(folder)).write(of_rows(rows))
        stats = [*dict.fromkeys(StatName(row.process, row.kind, row.name) for row in rows)]
        found = []
        for place in range(rounds):
            known = Usual(1, Path(folder))
            begun = time.process_time()
            known.typical(stats[place % len(stats)], ZoneInfo("UTC"), end)  # unknown, where its nights have no values
            found.append((time.process_time() - begun) * 1000)
        return found
