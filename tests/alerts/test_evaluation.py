"""From values that a program sends to incidents, with a real engine and a real database."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from pytest_django import Settings

from accounts.models import Account, User
from alerts import conditions
from alerts.conditions import StoppedWorking
from alerts.evaluation import FORGOTTEN, Known, evaluate
from alerts.live_rules import LiveRule
from alerts.models import Incident, IncidentState, Progress, Rule
from alerts.observation import MINUTE, Observation
from alerts.rules import TargetState
from alerts.trial import trial
from stats.aggregation.partial import Aggregate, MinuteRow
from stats.storage.lines import of_rows
from stats.storage.paths import Stat
from stats.storage.prt_writer import Writer
from tests.alerts.conftest import Scene, make_rule
from tests.stats.commits import partial
from tests.stats.one_sketch import sketch_of

UTC = ZoneInfo("UTC")
ABOVE = {"kind": "above", "limit": 10, "minutes": 1, "recovery_minutes": 1}


@sync_to_async
def told(scene: Scene) -> list[tuple[str, str]]:
    """Target and state of the account's incidents, in their order."""
    rows = Incident.objects.filter(account=scene.account).order_by("number")
    return list(rows.values_list("target", "state"))


async def test_a_value_over_the_limit_opens_an_incident_and_one_below_it_resolves_it(scene: Scene) -> None:
    await make_rule(scene.account, ABOVE)
    await scene.minute(partial("orders", [10]))
    assert await told(scene) == []
    await scene.minute(partial("orders", [11]))
    assert await told(scene) == [("api/c/orders", "firing")]
    await scene.minute(partial("orders", [12]))
    assert await told(scene) == [("api/c/orders", "firing")]
    await scene.minute(partial("orders", [3]))
    assert await told(scene) == [("api/c/orders", "resolved")]
    await scene.minute(partial("orders", [20]))
    assert [state for _, state in await told(scene)] == ["resolved", "firing"]


async def test_the_same_minute_once_more_changes_nothing(scene: Scene) -> None:
    await make_rule(scene.account, ABOVE)
    await scene.minute(partial("orders", [11]))
    before = await Progress.objects.aget(account=scene.account)
    await scene.evaluate()
    assert (await Progress.objects.aget(account=scene.account)).version == before.version
    assert len(await told(scene)) == 1


async def test_minutes_that_nobody_evaluated_at_once_are_evaluated_in_their_order(scene: Scene) -> None:
    await make_rule(scene.account, {**ABOVE, "minutes": 3})
    await scene.minute(partial("orders", [1]))
    for _ in range(3):
        await scene.pass_seconds(30)
        scene.commit(partial("orders", [11]))
        await scene.pass_seconds(30)
        await scene.shard.flush()
    assert await told(scene) == []
    await scene.evaluate()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_a_pattern_finds_stats_as_they_appear(scene: Scene) -> None:
    await make_rule(scene.account, ABOVE, "api.*.errors", target_kind="pattern")
    await scene.minute(partial("cart.errors", [11]), partial("cart.errors", [9], "ms"), partial("errors", [99]))
    assert await told(scene) == [("api/c/cart.errors", "firing")]
    await scene.minute(partial("cart.errors", [11]), partial("pay.errors", [11]))
    assert ("api/c/pay.errors", "firing") in await told(scene)
    assert len(await told(scene)) == 2


async def test_a_pattern_judges_stats_that_went_quiet(scene: Scene) -> None:
    below = {"kind": "below", "limit": 5, "minutes": 1}
    await make_rule(scene.account, below, "api.*", target_kind="pattern")
    await scene.minute(partial("orders", [11]))
    assert await told(scene) == []
    await scene.minute()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_a_percentile_is_judged_by_its_sketch(scene: Scene) -> None:
    await make_rule(scene.account, {**ABOVE, "measure": "p50"}, "api/ms/query")
    await scene.minute(partial("query", [1, 2, 30], "ms", skt=sketch_of([1, 2, 30])))
    assert await told(scene) == []
    await scene.minute(partial("query", [1, 20, 30], "ms", skt=sketch_of([1, 20, 30])))
    assert await told(scene) == [("api/ms/query", "firing")]


async def test_a_minute_in_which_the_server_was_away_says_nothing(scene: Scene) -> None:
    await make_rule(scene.account, {"kind": "below", "limit": 5, "minutes": 1})
    await scene.minute(partial("orders", [11]))
    scene.clock.now += 60  # nothing ran
    await scene.end_minute()
    assert await told(scene) == []


async def test_a_process_that_is_behind_with_its_values_says_nothing(scene: Scene) -> None:
    await make_rule(scene.account, {"kind": "below", "limit": 5, "minutes": 1})
    await scene.minute(partial("orders", [11]))
    await scene.pass_seconds(30)
    scene.commit(partial("orders", [11]), age=300)
    await scene.end_minute()
    assert await told(scene) == []


async def test_a_silent_process_is_noticed_at_the_next_look_and_its_return_too(scene: Scene) -> None:
    rule = {"kind": "stopped_responding", "seconds": 30, "recovery_seconds": 0}
    await make_rule(scene.account, rule, "work*", target_kind="process")
    scene.commit(process="worker")
    scene.commit(process="api")
    await scene.look()
    await scene.pass_seconds(29)
    await scene.look()
    assert await told(scene) == []
    await scene.pass_seconds(11)
    await scene.look()
    await scene.look()
    assert await told(scene) == [("worker", "firing")]
    await scene.pass_seconds(5)
    scene.commit(process="worker")
    await scene.pass_seconds(5)
    await scene.look()
    assert await told(scene) == [("worker", "resolved")]


async def test_new_errors_come_by_group(scene: Scene) -> None:
    await make_rule(scene.account, {"kind": "errors", "on": "new"}, "error/*", target_kind="group")
    await scene.minute(evt=[{"lvl": "error", "msg": "boom", "typ": "E"}, {"lvl": "warning", "msg": "hm", "typ": "W"}])
    ((target, state),) = await told(scene)
    assert target.startswith("error/")
    assert state == "firing"


async def test_what_cannot_be_read_of_the_states_begins_anew_from_the_incidents(scene: Scene) -> None:
    await make_rule(scene.account, ABOVE)
    await scene.minute(partial("orders", [11]))
    await Progress.objects.filter(account=scene.account).aupdate(data=b"of another version")
    await scene.minute(partial("orders", [11]))
    assert await told(scene) == [("api/c/orders", "firing")]
    await scene.minute(partial("orders", [1]))
    assert await told(scene) == [("api/c/orders", "resolved")]


async def test_rules_that_are_off_and_accounts_that_are_closed_are_left_alone(scene: Scene) -> None:
    rule = await make_rule(scene.account, ABOVE, enabled=False)
    await scene.minute(partial("orders", [11]))
    assert await told(scene) == []
    rule.enabled = True
    await rule.asave()
    await scene.minute(partial("orders", [11]))
    assert await told(scene) == [("api/c/orders", IncidentState.FIRING)]


# --- what comes late --------------------------------------------------------------------------------------------------
ABOVE_2_OF_3 = {**ABOVE, "minutes": 2, "of": 3}
STOPPED = {"kind": "stopped_working", "minutes": 2}


@sync_to_async
def fired_in_the_files(scene: Scene, rule: Rule) -> list[int]:
    """When the backtest over the same minutes would have fired."""
    stat = Stat(scene.account.pk, "api", "c", "orders")
    end = int(scene.clock.now // 60)
    found = trial(scene.parts.root, stat, conditions.convert(rule.condition), UTC, (end - 60, end))
    return [one.fired.at for one in found.alarms]


async def test_late_values_are_judged_with_the_minute_in_which_they_come(scene: Scene) -> None:
    rule = await make_rule(scene.account, ABOVE_2_OF_3)
    await scene.minute(partial("orders", [11]))
    await scene.minute(partial("orders", [9]))
    assert await told(scene) == []
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [3]), age=20)  # 12 in that minute
    scene.commit()
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "firing")]
    assert len(await fired_in_the_files(scene, rule)) == 1


async def test_late_values_are_told_once(scene: Scene) -> None:
    await make_rule(scene.account, {**ABOVE_2_OF_3, "of": 9, "recovery_minutes": 1})
    await scene.minute(partial("orders", [11]))
    await scene.minute(partial("orders", [1]))
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [11]), age=20)
    scene.commit()
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "firing")]
    await scene.minute(partial("orders", [1]))
    await scene.minute(partial("orders", [1]))
    assert await told(scene) == [("api/c/orders", "resolved")]


async def test_late_values_of_an_outage_are_judged_after_a_restart(scene: Scene) -> None:
    """They are in files when the server stops, and nobody has judged them yet."""
    await make_rule(scene.account, {**ABOVE_2_OF_3, "of": 5})
    await scene.minute(partial("orders", [11]))
    await scene.minute()
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [11]), age=30)
    scene.commit()
    await scene.restart()
    assert await told(scene) == []
    await scene.pass_seconds(20)
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_late_values_that_nobody_has_evaluated_yet_wait_with_their_minute(scene: Scene) -> None:
    await make_rule(scene.account, {**ABOVE_2_OF_3, "of": 5})
    await scene.minute(partial("orders", [11]))
    await scene.minute()
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [11]), age=30)
    scene.commit()
    await scene.pass_seconds(50)
    await scene.shard.flush()
    await scene.pass_seconds(60)
    await scene.shard.flush()
    assert await told(scene) == []
    await scene.evaluate()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_a_process_that_is_still_behind_is_not_judged_by_half_of_a_minute(scene: Scene) -> None:
    await make_rule(scene.account, {"kind": "below", "limit": 5, "minutes": 1, "of": 5})
    await scene.minute(partial("orders", [11]))
    await scene.end_minute()  # it was away
    await scene.pass_seconds(5)
    scene.commit(partial("orders", [1]), age=50, upt=2000)
    await scene.end_minute()
    assert await told(scene) == []
    await scene.pass_seconds(5)
    scene.commit(partial("orders", [1]), age=90, upt=2030)
    scene.commit(partial("orders", [9]), upt=2120)
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_a_stat_that_moved_late_has_not_stopped(scene: Scene) -> None:
    await make_rule(scene.account, STOPPED)
    await scene.minute(partial("orders", [1]))
    await scene.minute()
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [1]), age=20)
    await scene.end_minute()
    assert await told(scene) == []
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_an_alarm_that_was_wrong_is_over_with_the_late_values(scene: Scene) -> None:
    await make_rule(scene.account, STOPPED, "api.*", target_kind="pattern")
    await scene.minute(partial("orders", [1]))
    await scene.minute()
    await scene.minute()
    assert await told(scene) == [("api/c/orders", "firing")]
    await scene.pass_seconds(10)
    scene.commit(partial("orders", [1]), age=20)
    await scene.end_minute()
    assert await told(scene) == [("api/c/orders", "resolved")]


async def test_a_flush_that_takes_long_makes_nobody_late(scene: Scene) -> None:
    """What counts is what was heard by the end of the minute."""
    await make_rule(scene.account, {"kind": "below", "limit": 5, "minutes": 1})
    await scene.minute(partial("orders", [11]))
    await scene.pass_seconds(55)
    scene.commit(upt=2000)
    await scene.pass_seconds(30)  # the minute is over; its flush comes
    scene.commit(upt=2030)
    await scene.shard.flush()
    await scene.evaluate()
    assert await told(scene) == [("api/c/orders", "firing")]


# --- patterns, and accounts beside each other -------------------------------------------------------------------------
async def test_a_pattern_goes_on_knowing_a_stat_that_rests_over_a_restart_too(scene: Scene) -> None:
    await make_rule(scene.account, {"kind": "stopped_working", "minutes": 66}, "api.*", target_kind="pattern")
    await scene.minute(partial("orders", [1]))
    for _ in range(63):
        await scene.minute()
    await scene.restart()
    process = scene.shard.registry.account(scene.account.pk).processes.get("api")
    assert process is not None
    assert process.stats["c"] == {}  # it rests
    for _ in range(3):
        assert await told(scene) == []
        await scene.minute()
    await scene.minute()
    assert await told(scene) == [("api/c/orders", "firing")]


async def test_a_pattern_compares_a_stat_that_rests_with_what_is_usual(scene: Scene, settings: Settings) -> None:
    """Nobody buys by night; that nobody buys by day is told, though the stat was forgotten in the morning."""
    settings.DATTSS_DATA = scene.parts.root.parent
    stat = Stat(scene.account.pk, "api", "c", "orders")
    begin = int(scene.clock.now // 60)
    usual = [
        MinuteRow(*stat, begin - day * 1440 + minute, Aggregate(900, 1, 900, 900, 900, 900, 900, 900))
        for day in range(1, 8)
        for minute in range(66, 90)
    ]
    Writer(scene.parts.root).write(of_rows(usual))
    condition = {"kind": "unlike_typical", "minutes": 1, "side": "below"}
    await make_rule(scene.account, condition, "api.ord*", target_kind="pattern")
    await scene.minute(partial("orders", [1]))
    for _ in range(65):
        await scene.minute()
    assert await told(scene) == []
    await scene.minute()
    assert await told(scene) == [("api/c/orders", "firing")]


def test_a_pattern_forgets_what_is_quiet_for_weeks_and_was_never_an_alarm() -> None:
    quiet = FORGOTTEN // MINUTE
    states = {
        "api/c/lately": TargetState(at=1, quiet=quiet - 1),
        "api/c/long": TargetState(at=1, quiet=quiet),
        "api/c/burns": TargetState("firing", 1, 1, 1, quiet=quiet),
    }
    for kind, kept in (("pattern", ["api/c/lately", "api/c/burns"]), ("stat", list(states))):
        rule = LiveRule(1, "R", kind, "api.*", StoppedWorking(), UTC)
        after, _ = evaluate([rule], {1: states}, Quiet(states))
        assert list(after[1]) == kept


class Quiet(Known):
    """A minute in which nothing moved."""

    every = MINUTE
    late = ()

    def __init__(self, known: Iterable[str]) -> None:
        self._known = known

    def targets(self, rule: LiveRule, before: Iterable[str]) -> Iterable[str]:
        return self._known

    def observation(self, rule: LiveRule, target: str) -> Observation:
        return Observation(1_790_000_040, "quiet", 0.0)

    def title(self, target: str) -> str:
        return ""


async def test_rules_that_cannot_be_evaluated_keep_no_other_account_from_it(scene: Scene) -> None:
    first = scene.account
    await make_rule(first, ABOVE, by=await User.objects.acreate(email="ann@example.org"))
    await User.objects.filter(email="ann@example.org").aupdate(timezone="Mars/Olympus")
    scene.account = await Account.objects.acreate(name="Other")
    await scene.shard.keys.fresh()
    other = Scene(scene.parts, scene.shard, scene.clock, scene.account)
    await make_rule(other.account, ABOVE)
    await other.minute(partial("orders", [11]))
    assert await told(other) == [("api/c/orders", "firing")]
