"""From values that a program sends to incidents, with a real engine and a real database."""

from asgiref.sync import sync_to_async

from alerts.models import Incident, IncidentState, Progress
from tests.alerts.conftest import Scene, make_rule
from tests.stats.commits import partial
from tests.stats.one_sketch import sketch_of

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
