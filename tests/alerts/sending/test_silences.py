"""A silence counts at the moment in which a message is about to go out, whether a look has noticed it or not."""

from datetime import timedelta

import pytest

from alerts import escalation, incidents, upkeep
from alerts.models import (
    Channel,
    Escalation,
    EscalationStep,
    How,
    Incident,
    Notification,
    NotificationKind,
    NotificationState,
    Rule,
    Silence,
)
from tests.alerts.sending.test_telephone import posted
from tests.alerts.sending.told import NUMBER, Story, timeline_of
from tests.smtp_server import Mailbox
from tests.twilio_server import Twilio

STATE = NotificationState


def burning(story: Story, channel: Channel = Channel.SMS) -> Incident:
    """An incident of a rule that tells by one step."""
    way = Escalation.objects.create(account=story.account, name=f"Way {Escalation.objects.count()}")
    contact = story.email if channel == Channel.EMAIL else story.phone
    EscalationStep.objects.create(escalation=way, position=0, channel=channel, contact=contact)
    incident = story.incident()
    incident.rule = Rule.objects.create(
        account=story.account, name="Orders", target_kind="stat", target=incident.target, condition={}, escalation=way
    )
    escalation.begin([incident], story.clock.now)
    incident.save()
    return incident


def silence(story: Story, minutes: float = 10, **about: object) -> Silence:
    begin = story.clock.now
    return Silence.objects.create(
        account=story.account,
        starts=begin,
        ends=begin + timedelta(minutes=minutes),
        reason="Maintenance",
        **about or {"process": "shop"},
    )


def look(story: Story) -> None:
    upkeep.tend(story.account.pk, story.clock.now)


def only_message() -> tuple[str, str]:
    told = Notification.objects.get()
    return told.state, told.why


def test_a_silence_that_no_look_has_noticed_yet_holds_and_its_end_tells(story: Story, twilio: Twilio) -> None:
    incident = burning(story)
    silence(story)
    story.send_all()
    look(story)
    story.send_all()
    assert only_message() == (STATE.CANCELLED, "A silence holds.")
    assert timeline_of(incident) == ["Silenced: Maintenance"]
    story.clock.step(minutes=10)
    look(story)
    story.send_all()
    look(story)
    assert len(twilio.requests) == 1
    assert timeline_of(incident)[1:] == ["The silence has ended.", f"SMS to {NUMBER} sent."]


def test_nothing_is_lost_by_a_silence_that_begins_and_ends_between_two_looks(story: Story, twilio: Twilio) -> None:
    burning(story)
    held = silence(story)
    story.send_all()
    story.clock.step(seconds=2)
    Silence.objects.filter(pk=held.pk).update(ends=story.clock.now)
    look(story)
    story.send_all()
    assert len(twilio.requests) == 1


def test_what_is_over_when_the_silence_ends_is_not_told(story: Story, twilio: Twilio) -> None:
    incident = burning(story)
    silence(story)
    story.send_all()
    incidents.resolve(incident, How.VALUES, None, story.clock.now)
    story.clock.step(minutes=10)
    look(story)
    story.send_all()
    assert twilio.requests == []


def test_what_is_to_be_tried_again_is_not_in_a_silence(story: Story, twilio: Twilio) -> None:
    burning(story)
    twilio.refuse(NUMBER, 503)
    story.send_all()
    silence(story)
    look(story)
    Notification.objects.update(state=STATE.PENDING)  # the sender that had it noted its failure after the look
    twilio.accept(NUMBER)
    story.clock.step(minutes=1)
    story.send_all()
    assert only_message() == (STATE.CANCELLED, "A silence holds.")
    assert len(twilio.requests) == 1


def test_of_a_call_that_fails_in_a_silence_no_mail_comes_before_its_end(
    story: Story, twilio: Twilio, mailbox: Mailbox
) -> None:
    burning(story, Channel.PHONE)
    story.send_all()
    silence(story)
    look(story)
    posted(twilio.news(twilio.requests[0], CallStatus="busy"))
    story.send_all()
    assert mailbox.mails == []
    story.clock.step(minutes=10)
    look(story)
    story.send_all()
    assert len(twilio.requests) == 2


@pytest.mark.parametrize("held", [True, False])
def test_a_storm_is_told_as_long_as_one_of_its_incidents_may_be(story: Story, twilio: Twilio, held: bool) -> None:
    burning_ones = [burning(story, Channel.PHONE) for _ in range(3)]
    story.send(Notification.objects.earliest("pk"))  # makes one of all
    for one in burning_ones if held else burning_ones[1:]:
        silence(story, rule=one.rule)
    story.send_all()
    assert len(twilio.requests) == (not held)


def test_windows_that_come_again_hold(story: Story, twilio: Twilio) -> None:
    burning(story)
    silence(story, 24 * 60, pattern="shop.*", recurrence={"zone": "UTC", "days": [1], "start": "12:00", "minutes": 30})
    story.send_all()
    assert twilio.requests == []
    story.clock.step(minutes=30)
    look(story)
    story.send_all()
    assert len(twilio.requests) == 1


def test_who_was_told_before_is_told_of_the_end(story: Story, mailbox: Mailbox) -> None:
    silence(story)
    story.send(story.told(Channel.EMAIL, kind=NotificationKind.RECOVERY))
    assert len(mailbox.mails) == 1


def test_until_a_look_has_noticed_the_end_only_the_new_round_is_to_come(story: Story, twilio: Twilio) -> None:
    incident = burning(story)
    silence(story)
    look(story)
    story.clock.step(minutes=10)
    late = story.told(Channel.SMS, incident)
    assert story.send(late).state == STATE.CANCELLED
    look(story)
    story.send_all()
    assert len(twilio.requests) == 1
