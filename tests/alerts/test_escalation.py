"""Who is told when, as the outbox has it."""

from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from accounts.models import Account, User
from alerts import incidents
from alerts.models import (
    Channel,
    Endpoint,
    EndpointKind,
    EscalationStep,
    How,
    Incident,
    IncidentState,
    Notification,
    NotificationState,
    Silence,
)
from tests.alerts.conftest import Scene, make_escalation, make_rule
from tests.stats.commits import partial

ABOVE = {"kind": "above", "limit": 10, "minutes": 1, "recovery_minutes": 1}
LADDER = ((0, Channel.EMAIL), (180, Channel.SMS), (480, Channel.PHONE))


async def burning(scene: Scene, *steps: tuple[int, Channel], **fields: int) -> Incident:
    """An incident that has just opened, with an escalation of these steps."""
    escalation = await make_escalation(scene.account, *(steps or LADDER), **fields)
    await make_rule(scene.account, ABOVE, escalation=escalation)
    await scene.minute(partial("orders", [11]))
    return await Incident.objects.aget(account=scene.account)


@sync_to_async
def outbox(account: Account) -> list[tuple[str, str, str]]:
    """Kind, channel and state of the account's messages, in the order in which they are due."""
    rows = Notification.objects.filter(account=account).order_by("due", "pk")
    return list(rows.values_list("kind", "channel", "state"))


@sync_to_async
def sent(account: Account, *channels: Channel) -> None:
    """These messages have gone out."""
    Notification.objects.filter(account=account, channel__in=channels, state="pending").update(
        state=NotificationState.SENT
    )


def now(scene: Scene) -> datetime:
    return datetime.fromtimestamp(scene.clock.now, UTC)


async def test_each_step_is_due_so_long_after_the_incident_opened(scene: Scene) -> None:
    incident = await burning(scene)
    rows = Notification.objects.filter(account=scene.account).order_by("due")
    due = [(one.channel, one.due - incident.opened) async for one in rows]
    assert due == [
        ("email", timedelta()),
        ("sms", timedelta(seconds=180)),
        ("phone", timedelta(seconds=480)),
    ]
    assert [one.sentence async for one in rows] == [incident.sentence] * 3


async def test_an_endpoint_is_called_by_its_name_and_never_by_its_secret_url(scene: Scene) -> None:
    escalation = await make_escalation(scene.account)
    endpoint = await Endpoint.objects.acreate(
        account=scene.account, kind=EndpointKind.SLACK, name="Ops", url="https://hooks.slack.com/services/T0/B0/secret"
    )
    await EscalationStep.objects.acreate(
        escalation=escalation, position=0, after_seconds=0, channel=Channel.SLACK, endpoint=endpoint
    )
    await make_rule(scene.account, ABOVE, escalation=escalation)
    await scene.minute(partial("orders", [11]))
    told = await Notification.objects.aget(account=scene.account)
    assert (told.endpoint_id, told.address) == (endpoint.pk, "Ops")


async def test_an_acknowledgement_stops_every_step_that_is_still_to_come(scene: Scene) -> None:
    incident = await burning(scene)
    await sent(scene.account, Channel.EMAIL)
    alice = await User.objects.aget()
    assert await sync_to_async(incidents.acknowledge)(incident, How.LINK, alice, now(scene))
    assert await outbox(scene.account) == [
        ("alert", "email", "sent"),
        ("alert", "sms", "cancelled"),
        ("alert", "phone", "cancelled"),
    ]
    assert not await sync_to_async(incidents.acknowledge)(incident, How.LINK, alice, now(scene))
    await incident.arefresh_from_db()
    assert (incident.state, incident.acknowledged_by_id) == (IncidentState.ACKNOWLEDGED, alice.pk)


async def test_an_acknowledgement_that_has_ended_begins_it_all_anew(scene: Scene) -> None:
    incident = await burning(scene, (0, Channel.EMAIL))
    await sent(scene.account, Channel.EMAIL)
    until = now(scene) + timedelta(minutes=10)
    await sync_to_async(incidents.acknowledge)(incident, How.PAGE, None, now(scene), until=until)
    await scene.pass_seconds(599)
    await scene.look()
    assert await outbox(scene.account) == [("alert", "email", "sent")]
    await scene.pass_seconds(1)
    await scene.look()
    await scene.look()
    assert await outbox(scene.account) == [("alert", "email", "sent"), ("alert", "email", "pending")]
    await incident.arefresh_from_db()
    assert incident.state == IncidentState.FIRING


async def test_it_is_repeated_until_somebody_acknowledges_and_no_more_often_than_it_may(scene: Scene) -> None:
    await burning(scene, (0, Channel.EMAIL), repeat_minutes=30, most_repeats=2)
    for _ in range(4):
        await sent(scene.account, Channel.EMAIL)
        await scene.pass_seconds(30 * 60)
        await scene.look()
        await scene.look()
    assert [kind for kind, _, _ in await outbox(scene.account)] == ["alert", "repeat", "repeat"]


async def test_who_was_told_is_told_once_that_it_is_over(scene: Scene) -> None:
    await burning(scene, (0, Channel.EMAIL), (0, Channel.EMAIL), (0, Channel.PHONE), (600, Channel.SMS))
    await sent(scene.account, Channel.EMAIL, Channel.PHONE)
    await scene.minute(partial("orders", [1]))
    found = await outbox(scene.account)
    assert sorted(one for one in found if one[0] == "recovery") == [
        ("recovery", "email", "pending"),
        ("recovery", "sms", "pending"),
    ]
    assert ("alert", "sms", "cancelled") in found


async def test_nobody_is_told_of_the_end_of_what_nobody_was_told_of(scene: Scene) -> None:
    await burning(scene)
    await scene.minute(partial("orders", [1]))
    assert {(kind, state) for kind, _, state in await outbox(scene.account)} == {("alert", "cancelled")}


async def test_resolved_by_a_person_it_fires_anew_only_by_new_values(scene: Scene) -> None:
    incident = await burning(scene, (0, Channel.EMAIL))
    alice = await User.objects.aget()
    assert await sync_to_async(incidents.resolve)(incident, How.KEY, alice, now(scene))
    assert not await sync_to_async(incidents.resolve)(incident, How.KEY, alice, now(scene))
    await incident.arefresh_from_db()
    assert (incident.state, incident.resolved_by_id) == (IncidentState.RESOLVED, alice.pk)
    await scene.evaluate()
    assert await Incident.objects.acount() == 1
    await scene.minute(partial("orders", [11]))
    assert await Incident.objects.acount() == 2


async def silence(scene: Scene, seconds: int, **about: object) -> Silence:
    return await Silence.objects.acreate(
        account=scene.account,
        starts=now(scene),
        ends=now(scene) + timedelta(seconds=seconds),
        reason="We update the database",
        **about,
    )


async def test_a_silence_stops_messages_and_not_the_evaluation_and_its_end_tells_of_what_burns(scene: Scene) -> None:
    await silence(scene, 300, process="api")
    incident = await burning(scene, (0, Channel.EMAIL))
    assert (incident.state, incident.silenced) == (IncidentState.FIRING, True)
    await scene.look()
    assert await outbox(scene.account) == []
    await scene.pass_seconds(300)
    await scene.look()
    await scene.look()
    assert await outbox(scene.account) == [("alert", "email", "pending")]


async def test_what_is_over_when_a_silence_ends_is_not_told(scene: Scene) -> None:
    await silence(scene, 300, pattern="api.*")
    await burning(scene, (0, Channel.EMAIL))
    await scene.minute(partial("orders", [1]))
    await scene.pass_seconds(300)
    await scene.look()
    assert await outbox(scene.account) == []


async def test_a_silence_that_begins_while_it_burns_takes_back_what_has_not_gone_out(scene: Scene) -> None:
    incident = await burning(scene)
    await sent(scene.account, Channel.EMAIL)
    await silence(scene, 300, rule_id=incident.rule_id)
    await scene.look()
    assert [state for _, _, state in await outbox(scene.account)] == ["sent", "cancelled", "cancelled"]
    await scene.pass_seconds(300)
    await scene.look()
    assert [channel for _, channel, state in await outbox(scene.account) if state == "pending"] == [
        "email",
        "sms",
        "phone",
    ]


async def test_a_silence_of_something_else_changes_nothing(scene: Scene) -> None:
    await silence(scene, 300, process="worker")
    await silence(scene, 300, pattern="api.orders/ms")
    incident = await burning(scene, (0, Channel.EMAIL))
    assert not incident.silenced
    assert await outbox(scene.account) == [("alert", "email", "pending")]


async def test_numbers_count_up_in_each_account(scene: Scene) -> None:
    await make_rule(scene.account, ABOVE, "api.*", target_kind="pattern")
    await scene.minute(*(partial(f"s{number}", [11]) for number in range(5)))
    await scene.minute(*(partial(f"t{number}", [11]) for number in range(5)))
    rows = Incident.objects.filter(account=scene.account).order_by("number")
    assert [one.number async for one in rows] == [*range(1, 11)]
