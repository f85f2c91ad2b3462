"""Claimed once, noted before it leaves, tried again where that is right, and told elsewhere where it is not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pytest_django import Settings

from accounts import telephony
from accounts.models import Account, Membership, Role, User
from alerts import incidents, outbox
from alerts.models import Channel, How, Notification, NotificationKind, NotificationState
from tests.alerts.sending.told import ADDRESS, NUMBER, SENTENCE, Story, in_a_thread, timeline_of
from tests.server import wait_for
from tests.smtp_server import Mailbox, running_smtp, text_of
from tests.twilio_server import Twilio

PASSING = (429, 20429)
STATE = NotificationState


def test_a_mail_is_sent_and_told_on_the_timeline(story: Story, mailbox: Mailbox) -> None:
    sent = story.send(story.told(Channel.EMAIL))
    assert (sent.state, sent.logged, sent.sent_at, sent.lease_until) == (STATE.SENT, *[story.clock.now] * 2, None)
    assert [mail["To"] for mail in mailbox.mails] == [ADDRESS]
    assert sent.incident is not None
    assert timeline_of(sent.incident) == [f"E-mail to {ADDRESS} sent."]


def test_what_is_not_due_or_was_sent_is_left_alone(story: Story, mailbox: Mailbox) -> None:
    later = story.told(Channel.EMAIL, due=story.clock.now + timedelta(seconds=1))
    assert outbox.due(story.clock.now) == []
    assert not outbox.send(later.pk, story.clock)
    story.clock.step(seconds=1)
    assert outbox.send(later.pk, story.clock)
    assert not outbox.send(later.pk, story.clock)
    assert len(mailbox.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_it_is_noted_before_it_leaves(story: Story, twilio: Twilio) -> None:
    told, release = story.told(Channel.SMS), twilio.hold(NUMBER)
    with ThreadPoolExecutor(1) as aside:
        sending = aside.submit(in_a_thread, story, told)
        wait_for(lambda: twilio.requests, 10, "the request")
        told.refresh_from_db()
        assert (told.state, told.logged, told.doubtful) == (STATE.CLAIMED, story.clock.now, 1)
        assert told.lease_until == story.clock.now + outbox.LEASE
        release.set()
        assert sending.result(10)


def test_passing_errors_are_tried_again_with_growing_pauses(story: Story, twilio: Twilio) -> None:
    told, pauses = story.told(Channel.PHONE), []
    twilio.refuse(NUMBER, *PASSING)
    for _ in outbox.PAUSES:
        assert story.send(told).state == STATE.PENDING
        assert told.doubtful == 0
        pauses.append(told.due - story.clock.now)
        story.clock.now = told.due
    assert pauses == sorted(pauses)
    assert pauses[-1] > 10 * pauses[0]
    twilio.accept(NUMBER)
    assert story.send(told).state == STATE.SENT
    assert len(twilio.requests) == len(outbox.PAUSES) + 1


def test_an_error_that_does_not_pass_is_given_up_in_the_end(story: Story, twilio: Twilio) -> None:
    told = story.told(Channel.SMS)
    twilio.refuse(NUMBER, 503)
    while told.state == STATE.PENDING:
        story.clock.now = max(told.due, story.clock.now)
        story.send(told)
    assert (told.state, told.attempts) == (STATE.FAILED, len(outbox.PAUSES) + 1)


def test_a_permanent_error_is_told_by_the_next_step_at_once(story: Story, twilio: Twilio) -> None:
    told = story.told(Channel.SMS)
    incident = told.incident
    soon, later = (
        story.told(Channel.PHONE, incident, step=step, due=story.clock.now + timedelta(minutes=3 * step))
        for step in (1, 2)
    )
    twilio.refuse(NUMBER, 400, 21211)
    assert story.send(told).state == STATE.FAILED
    assert "valid phone number" in told.why
    soon.refresh_from_db()
    later.refresh_from_db()
    assert (soon.due, later.due) == (story.clock.now, story.clock.now + timedelta(minutes=6))
    assert incident is not None
    assert timeline_of(incident) == [f"SMS to {NUMBER}: {told.why}"]


def test_without_a_further_step_the_same_person_gets_a_mail(story: Story, twilio: Twilio, mailbox: Mailbox) -> None:
    told = story.told(Channel.PHONE)
    twilio.refuse(NUMBER, 400, 21211)
    story.send(told)
    story.send_all()
    (mail,) = mailbox.mails
    assert mail["To"] == ADDRESS
    assert "valid phone number" in text_of(mail)


def test_a_mail_server_that_refuses_the_address_is_final_and_one_that_is_busy_is_not(
    story: Story, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    for answer, state in (("550 5.1.1 No such user", STATE.FAILED), ("451 4.7.1 Come again", STATE.PENDING)):
        with running_smtp(answer) as settings.EMAIL_PORT:
            sent = story.send(story.told(Channel.EMAIL))
            assert (sent.state, sent.doubtful) == (state, 0)


def test_a_mail_server_that_is_away_is_asked_more_often_than_one_that_may_have_taken_it(
    story: Story, mailbox: Mailbox, settings: Settings
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    told = story.told(Channel.EMAIL)
    for _ in range(5):
        assert story.send(told).state == STATE.PENDING
        story.clock.now = told.due
    settings.EMAIL_PORT = port
    assert story.send(told).state == STATE.SENT
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    ("channel", "doubtful", "state"),
    [
        (Channel.EMAIL, 0, STATE.SENT),
        (Channel.EMAIL, 1, STATE.SENT),
        (Channel.EMAIL, 2, STATE.UNKNOWN),
        (Channel.SMS, 0, STATE.SENT),
        (Channel.SMS, 1, STATE.SENT),
        (Channel.SMS, 2, STATE.UNKNOWN),
        (Channel.PHONE, 0, STATE.SENT),
        (Channel.PHONE, 1, STATE.UNKNOWN),
    ],
)
def test_a_claim_whose_holder_died_is_taken_over_when_its_lease_ends(
    story: Story, mailbox: Mailbox, twilio: Twilio, channel: Channel, doubtful: int, state: str
) -> None:
    lease = story.clock.now + outbox.LEASE
    told = story.told(channel, state=STATE.CLAIMED, lease_until=lease, attempts=doubtful, doubtful=doubtful)
    assert not outbox.send(told.pk, story.clock)
    story.clock.now = lease
    assert outbox.due(story.clock.now) == [told.pk]
    assert story.send(told).state == state
    asked = len(twilio.requests) + len(mailbox.mails)
    assert asked == (state == STATE.SENT)


@pytest.mark.parametrize(("channel", "tries"), [(Channel.SMS, 2), (Channel.PHONE, 1)])
def test_where_no_answer_comes_an_sms_is_sent_once_more_and_a_call_never(
    story: Story, twilio: Twilio, monkeypatch: pytest.MonkeyPatch, channel: Channel, tries: int
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    twilio.hold(NUMBER)
    told = story.told(channel)
    next_step = story.told(Channel.EMAIL, told.incident, step=1, due=story.clock.now + timedelta(hours=1))
    while told.state == STATE.PENDING:
        story.clock.now = max(told.due, story.clock.now)
        story.send(told)
    assert (told.state, len(twilio.requests)) == (STATE.UNKNOWN, tries)
    next_step.refresh_from_db()
    assert next_step.due == story.clock.now


@pytest.mark.django_db(transaction=True)
def test_who_was_taken_for_dead_and_was_only_slow_changes_nothing_any_more(story: Story, twilio: Twilio) -> None:
    told, release = story.told(Channel.SMS), twilio.hold(NUMBER)
    with ThreadPoolExecutor(1) as aside:
        slow = aside.submit(in_a_thread, story, told)
        wait_for(lambda: twilio.requests, 10, "the first request")
        del twilio.held[NUMBER]
        story.clock.now += outbox.LEASE
        assert story.send(told).state == STATE.SENT
        release.set()
        assert slow.result(10)
    assert len(twilio.requests) == 2
    told.refresh_from_db()
    assert told.incident is not None
    assert (told.state, told.attempts, len(timeline_of(told.incident))) == (STATE.SENT, 2, 1)


@pytest.mark.parametrize("how", ["unconfirmed", "removed", "changed", "left", "inactive"])
def test_only_confirmed_contacts_of_people_of_the_account_are_told(
    story: Story, twilio: Twilio, mailbox: Mailbox, how: str
) -> None:
    told = story.told(Channel.SMS)
    if how == "unconfirmed":
        story.phone.confirmed = None
        story.phone.save()
    elif how == "removed":
        story.phone.delete()
    elif how == "changed":
        Notification.objects.update(address="+4915199999999")
    elif how == "left":
        Membership.objects.filter(user=story.person).delete()
    else:
        User.objects.filter(pk=story.person.pk).update(is_active=False)
    told.refresh_from_db()
    assert story.send(told).state == STATE.SKIPPED
    assert twilio.requests == []


@pytest.mark.parametrize(("doubtful", "state"), [(0, STATE.CANCELLED), (1, STATE.UNKNOWN)])
def test_what_was_acknowledged_meanwhile_is_not_sent(story: Story, twilio: Twilio, doubtful: int, state: str) -> None:
    told = story.told(Channel.SMS, state=STATE.CLAIMED, lease_until=story.clock.now, attempts=1, doubtful=doubtful)
    assert told.incident is not None
    incidents.acknowledge(told.incident, How.PAGE, story.person, story.clock.now)
    assert story.send(told).state == state
    assert twilio.requests == []


def test_a_closed_account_tells_nobody(story: Story, twilio: Twilio) -> None:
    told = story.told(Channel.SMS)
    Account.objects.update(closed=story.clock.now)
    assert story.send(told).state == STATE.CANCELLED
    assert twilio.requests == []


def test_a_recovery_is_sent_though_nothing_burns(story: Story, mailbox: Mailbox) -> None:
    told = story.told(Channel.EMAIL, kind=NotificationKind.RECOVERY)
    assert told.incident is not None
    incidents.resolve(told.incident, How.VALUES, None, story.clock.now)
    Notification.objects.update(state=STATE.PENDING)
    assert story.send(told).state == STATE.SENT
    assert text_of(mailbox.mails[0]).startswith(f"Resolved: {SENTENCE}")


def test_a_viewer_is_told_and_may_not_answer(story: Story, twilio: Twilio) -> None:
    Membership.objects.update(role=Role.VIEWER)
    story.send(story.told(Channel.SMS))
    story.send(story.told(Channel.PHONE))
    message, call = twilio.requests
    assert SENTENCE in message.text
    assert "Reply" not in message.text
    assert call.keys_url == ""


def test_who_may_have_been_told_already_hears_of_the_end(
    story: Story, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    twilio.hold(NUMBER)
    unsure, unsent = story.send(story.told(Channel.SMS)), story.told(Channel.EMAIL)
    assert (unsure.state, unsure.doubtful) == (STATE.PENDING, 1)
    for told in (unsure, unsent):
        assert told.incident is not None
        incidents.resolve(told.incident, How.VALUES, None, story.clock.now)
    unsure.refresh_from_db()
    assert unsure.state == STATE.UNKNOWN
    assert Notification.objects.get(kind=NotificationKind.RECOVERY).incident == unsure.incident
