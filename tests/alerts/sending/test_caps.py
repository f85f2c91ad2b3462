"""What costs money has a cap by person and account and month; beyond it a mail comes and says so."""

from datetime import UTC, datetime

import pytest

from accounts.models import User
from alerts import caps, channel_tests
from alerts.models import Cap, Channel, Notification, NotificationState, Spending
from tests.alerts.sending.told import ADDRESS, NUMBER, Story, timeline_of
from tests.smtp_server import Mailbox, text_of
from tests.twilio_server import Twilio

STATE = NotificationState


@pytest.mark.parametrize(("channel", "of_account"), [(c, a) for c in caps.COSTLY for a in (False, True)])
def test_at_the_cap_a_mail_comes_and_says_so(
    story: Story, twilio: Twilio, mailbox: Mailbox, channel: Channel, of_account: bool
) -> None:
    Cap.objects.create(account=story.account, person=None if of_account else story.person, sms=1, calls=1)
    for _ in range(2):
        told = story.told(channel)
        story.send_all()
        story.clock.step(minutes=6)
    assert len(twilio.requests) == 1
    told.refresh_from_db()
    assert told.state == STATE.SKIPPED
    (mail,) = mailbox.mails
    assert mail["To"] == ADDRESS
    assert "is reached for this month" in text_of(mail)
    assert told.incident is not None
    assert timeline_of(told.incident)[0].startswith(f"{told.get_channel_display()} to {NUMBER}: The cap of")


def test_the_next_month_begins_anew(story: Story, twilio: Twilio, mailbox: Mailbox) -> None:
    Cap.objects.create(account=story.account, person=story.person, sms=1, calls=1)
    for day in (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)):
        story.clock.now = day
        story.told(Channel.SMS)
        story.send_all()
    assert len(twilio.requests) == 2


def test_each_try_that_may_cost_something_counts(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.SMS))
    story.send(story.told(Channel.PHONE))
    assert sorted(Spending.objects.values_list("channel", "count")) == [("phone", 1), ("sms", 1)]


def test_a_try_that_certainly_was_not_sent_costs_nothing(story: Story, twilio: Twilio) -> None:
    twilio.refuse(NUMBER, 503)
    told = story.told(Channel.SMS)
    story.send(told)
    assert caps.spent(story.account, story.clock.now.date().replace(day=1), Channel.SMS) == 0


def test_mails_cost_nothing(story: Story, mailbox: Mailbox) -> None:
    Cap.objects.create(account=story.account, sms=0, calls=0)
    assert story.send(story.told(Channel.EMAIL)).state == STATE.SENT


def test_without_a_cap_there_is_one(story: Story, twilio: Twilio, mailbox: Mailbox) -> None:
    month = story.clock.now.date().replace(day=1)
    Spending.objects.create(
        account=story.account, person=story.person, month=month, channel=Channel.SMS, count=caps.OF_A_PERSON.sms
    )
    assert story.send(story.told(Channel.SMS)).state == STATE.SKIPPED
    assert story.send(story.told(Channel.PHONE)).state == STATE.SENT


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.PHONE])
def test_the_test_button_sends_a_real_message_that_says_so(
    story: Story, twilio: Twilio, mailbox: Mailbox, channel: Channel, alice: User
) -> None:
    contact = story.email if channel == Channel.EMAIL else story.phone
    assert channel in channel_tests.channels_of(contact)
    told = channel_tests.try_contact(story.account, contact, channel, alice, story.clock.now)
    assert story.send(told).state == STATE.SENT
    text = text_of(mailbox.mails[0]) if channel == Channel.EMAIL else twilio.requests[0].text
    in_a_call = "Dies ist ein Test. Es ist nichts passiert."
    assert (in_a_call if channel == Channel.PHONE else "alice@example.org tries this way. Nothing is wrong.") in text
    assert "Reply" not in text


def test_tests_are_not_for_flooding_somebody(story: Story, alice: User) -> None:
    for _ in range(channel_tests.MOST_AN_HOUR):
        channel_tests.try_contact(story.account, story.phone, Channel.SMS, alice, story.clock.now)
    with pytest.raises(channel_tests.TooManyTests):
        channel_tests.try_contact(story.account, story.phone, Channel.SMS, alice, story.clock.now)
    story.clock.step(hours=1)
    channel_tests.try_contact(story.account, story.phone, Channel.SMS, alice, story.clock.now)
    assert Notification.objects.count() == channel_tests.MOST_AN_HOUR + 1
