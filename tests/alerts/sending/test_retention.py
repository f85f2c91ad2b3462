"""What is over for longer than an account keeps its past is removed, and nothing else."""

from datetime import timedelta

import pytest

from accounts.models import Account
from alerts import incidents, retention, tasks
from alerts.models import Channel, How, Incident, Notification, NotificationKind, Silence
from tests.alerts.sending.told import Story

KEPT = timedelta(days=396)


def told(story: Story) -> Incident:
    """An incident, with a line and a message."""
    notification = story.told(Channel.EMAIL)
    assert notification.incident is not None
    return notification.incident


def over(story: Story) -> Incident:
    incident = told(story)
    assert incidents.resolve(incident, How.VALUES, None, story.clock.now)
    return incident


@pytest.mark.parametrize(("days", "gone"), [(396, True), (397, False), (30, True)])
def test_incidents_go_when_their_accounts_retention_is_past(story: Story, days: int, gone: bool) -> None:
    Account.objects.update(retention_days=days)
    old, newest = over(story), over(story)
    open_one = told(story)
    Incident.objects.filter(pk=open_one.pk).update(number=0)
    assert retention.forget_old(story.clock.now + KEPT + timedelta(seconds=1)) == gone
    assert set(Incident.objects.all()) == {newest, open_one} | (set() if gone else {old})
    assert Notification.objects.count() == Incident.objects.count()
    assert old.events.exists() != gone


def test_many_go_some_at_a_time(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    for _ in range(6):
        over(story)
    assert retention.forget_old(story.clock.now + KEPT * 2) == 5


def test_lone_messages_and_silences_go_too(story: Story) -> None:
    begin, end = story.clock.now, story.clock.now + timedelta(days=1)
    story.told(Channel.EMAIL, kind=NotificationKind.TEST)
    Notification.objects.update(incident=None, created=begin)
    Silence.objects.create(account=story.account, process="api", starts=begin, ends=end, reason="Maintenance")
    for now, left in ((begin + KEPT, (1, 1)), (end + KEPT, (0, 1)), (end + KEPT + timedelta(seconds=1), (0, 0))):
        retention.forget_old(now)
        assert (Notification.objects.count(), Silence.objects.count()) == left


def test_it_is_done_each_hour(story: Story) -> None:
    old, newest = over(story), over(story)
    Incident.objects.update(resolved_at=story.clock.now - 10 * KEPT)
    tasks.tidy()
    assert list(Incident.objects.all()) == [newest]
    assert not Incident.objects.filter(pk=old.pk).exists()
