"""Many messages at once become one with their number, and none is lost by that."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.utils import timezone

from accounts.models import User
from alerts import incidents, outbox, storms
from alerts.models import Channel, How, Incident, IncidentState, Notification, NotificationKind, NotificationState
from alerts.saying import stored
from tests.alerts.sending.test_telephone import REPLY, posted
from tests.alerts.sending.test_wording import FACTS
from tests.alerts.sending.told import NUMBER, Story, timeline_of
from tests.smtp_server import Mailbox, text_of
from tests.twilio_server import Twilio

STATE = NotificationState


def test_a_storm_is_one_call_with_the_number(story: Story, twilio: Twilio) -> None:
    told = [story.told(Channel.PHONE, story.incident(f"s{at}")) for at in range(12)]
    story.send_all()
    (call,) = twilio.requests
    assert "12 Vorfälle bei Acme. s0. s1. s2. Und noch 9." in call.text
    storm = Notification.objects.get(kind=NotificationKind.STORM)
    for part in told:
        part.refresh_from_db()
        assert (part.state, part.folded_into) == (STATE.SKIPPED, storm)
        assert part.incident is not None
        assert timeline_of(part.incident) == [f"Phone call to {NUMBER} sent."]


def test_a_storm_has_the_times_of_its_reader(story: Story, twilio: Twilio, mailbox: Mailbox) -> None:
    """Also where the sentence of one incident is the beginning of that of another one."""
    User.objects.filter(pk=story.person.pk).update(timezone="Asia/Kolkata", language="en")
    for seconds in (3600, 3900, 360):
        facts = msgspec.structs.replace(FACTS, change=msgspec.structs.replace(FACTS.change, seconds=seconds))
        incident = story.incident(sentence=facts.written(ZoneInfo("UTC")))
        Incident.objects.filter(pk=incident.pk).update(facts=stored(facts))
        story.told(Channel.SMS, incident)
        story.told(Channel.PHONE, incident)
    story.send_all()
    sms, call = (found.text for found in sorted(twilio.requests, key=lambda asked: asked.resource, reverse=True))
    for length in ("1 h", "1 h 5 min", "6 min"):
        assert f"below a typical Tuesday 18:35, for {length}" in sms
    for length in ("1 hour", "1 hour and 5 minutes", "6 minutes"):
        assert f"below a typical Tuesday at 18:35, for {length}" in call
    assert "13:05" not in sms + call


def test_one_key_answers_all_of_a_storm(story: Story, twilio: Twilio) -> None:
    told = [story.told(Channel.PHONE) for _ in range(5)]
    story.send_all()
    posted(twilio.key(twilio.requests[0], "4"))
    for part in told:
        assert part.incident is not None
        part.incident.refresh_from_db()
        assert part.incident.state == IncidentState.ACKNOWLEDGED


def test_one_sms_answers_all_of_a_storm(story: Story, twilio: Twilio) -> None:
    story.clock.now = timezone.now()
    for _ in range(3):
        story.told(Channel.SMS)
    story.send_all()
    (sms,) = twilio.requests
    assert sms.text.endswith("Reply 4 to acknowledge, 6 to resolve.")
    assert "#1, #2, #3: acknowledged." in posted(twilio.sms(REPLY, NUMBER, "4"))[1]


def test_a_mail_of_a_storm_lists_its_incidents(story: Story, mailbox: Mailbox) -> None:
    for at in range(6):
        story.told(Channel.EMAIL, story.incident(sentence=f"s{at}"))
    story.send_all()
    (mail,) = mailbox.mails
    for kind in ("plain", "html"):
        assert [at for at in range(6) if f"#{at + 1} s{at}" in text_of(mail, kind)] == list(range(6))


@pytest.mark.parametrize(("channel", "few"), [(Channel.SMS, 2), (Channel.EMAIL, 4)])
def test_a_few_are_sent_one_by_one(story: Story, twilio: Twilio, mailbox: Mailbox, channel: Channel, few: int) -> None:
    for _ in range(few):
        story.told(channel)
    story.send_all()
    assert len(twilio.requests) + len(mailbox.mails) == few


def test_what_comes_one_by_one_is_held_and_then_folded(story: Story, twilio: Twilio) -> None:
    """One each ten seconds for ten minutes: some at once, then one message in a while, and each incident told of."""
    for _ in range(60):
        story.told(Channel.SMS)
        story.send_all()
        story.clock.step(seconds=10)
    story.clock.step(minutes=10)
    story.send_all()
    bounds = storms.BOUNDS[Channel.SMS]
    assert bounds.most < len(twilio.requests) <= 3 * bounds.most
    for part in Notification.objects.exclude(kind=NotificationKind.STORM):
        assert part.state == STATE.SENT or (part.folded_into and part.folded_into.state == STATE.SENT)


def test_a_second_call_waits_until_the_first_is_over(story: Story, twilio: Twilio) -> None:
    story.told(Channel.PHONE)
    story.send_all()
    story.clock.step(seconds=20)
    second = story.told(Channel.PHONE)
    story.send_all()
    assert len(twilio.requests) == 1
    second.refresh_from_db()
    assert (second.state, second.attempts) == (STATE.PENDING, 0)
    story.clock.now = second.due
    story.send_all()
    assert len(twilio.requests) == 2


def test_recoveries_of_a_storm_are_one_message_too(story: Story, mailbox: Mailbox) -> None:
    for at in range(8):
        told = story.told(Channel.EMAIL, kind=NotificationKind.RECOVERY, sentence=f"s{at}")
        assert told.incident is not None
        incidents.resolve(told.incident, How.VALUES, None, story.clock.now)
    Notification.objects.update(state=STATE.PENDING)
    story.send_all()
    (mail,) = mailbox.mails
    assert text_of(mail).startswith("Resolved: 8 incidents: s0; s1; s2; and 5 more")


def test_other_people_channels_and_accounts_are_not_mixed(story: Story, twilio: Twilio, mailbox: Mailbox) -> None:
    for _ in range(2):
        story.told(Channel.SMS)
        story.told(Channel.EMAIL)
    story.send_all()
    assert Notification.objects.filter(kind=NotificationKind.STORM).count() == 0


def test_a_storm_that_cannot_be_told_goes_on_to_the_next_step_of_each(story: Story, twilio: Twilio) -> None:
    told = [story.told(Channel.PHONE) for _ in range(3)]
    later = story.clock.now + timedelta(hours=1)
    steps = [story.told(Channel.EMAIL, part.incident, step=1, due=later) for part in told]
    twilio.refuse(NUMBER, 400, 21211)
    for part in told:
        story.send(part)
    story.send(Notification.objects.get(kind=NotificationKind.STORM))
    for step in steps:
        step.refresh_from_db()
        assert step.due == story.clock.now


def test_a_message_that_may_have_arrived_is_not_folded(story: Story, twilio: Twilio) -> None:
    story.told(Channel.SMS, state=STATE.CLAIMED, lease_until=story.clock.now, attempts=1, doubtful=1)
    for _ in range(3):
        story.told(Channel.SMS)
    story.send_all()
    assert len(twilio.requests) == 2


def test_what_another_sender_has_claimed_and_not_sent_is_folded_too(story: Story, twilio: Twilio) -> None:
    first, second = story.told(Channel.PHONE), story.told(Channel.PHONE)
    lease = story.clock.now + outbox.LEASE
    Notification.objects.filter(pk=second.pk).update(state=STATE.CLAIMED, attempts=1, lease_until=lease)
    story.send(first)
    second.refresh_from_db()
    assert (second.state, second.folded_into) == (STATE.SKIPPED, Notification.objects.get(kind=NotificationKind.STORM))
    story.send_all()
    assert len(twilio.requests) == 1


def test_one_that_was_refused_for_now_is_part_of_the_storm_that_comes_meanwhile(story: Story, twilio: Twilio) -> None:
    twilio.refuse(NUMBER, 503)
    first = story.send(story.told(Channel.PHONE, story.incident("s0")))
    twilio.accept(NUMBER)
    story.clock.step(minutes=5)
    others = [story.told(Channel.PHONE, story.incident(f"s{at}")) for at in (1, 2)]
    story.send(first)
    story.send_all()
    assert "3 Vorfälle bei Acme. s0. s1. s2. Drücken" in twilio.requests[-1].text
    for part in (first, *others):
        part.refresh_from_db()
        assert part.folded_into is not None


def test_what_is_acknowledged_while_the_storm_is_held_is_not_told(story: Story, twilio: Twilio) -> None:
    story.told(Channel.PHONE)
    story.send_all()
    parts = [story.told(Channel.PHONE) for _ in range(3)]
    story.send_all()
    for part in parts:
        assert part.incident is not None
        incidents.acknowledge(part.incident, How.PAGE, None, story.clock.now)
    story.clock.step(minutes=5)
    story.send_all()
    assert len(twilio.requests) == 1


def test_each_incident_counts_once(story: Story, twilio: Twilio) -> None:
    incident = story.incident("s0")
    story.told(Channel.PHONE, incident)
    story.told(Channel.PHONE, incident, kind=NotificationKind.REPEAT)
    story.told(Channel.PHONE, story.incident("s1"))
    story.send_all()
    assert twilio.requests[0].text.count("2 Vorfälle bei Acme. s0. s1. Drücken") == 2
