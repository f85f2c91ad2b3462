"""SMS and calls by the real Twilio library, what Twilio tells of them, and answers by keys and by SMS."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import telephony
from accounts.models import Contact, Medium, Membership, Role, User
from alerts import links, outbox
from alerts.models import Channel, Incident, IncidentState, NotificationKind, NotificationState
from alerts.wording import shortened
from tests.alerts.sending.told import NUMBER, SENTENCE, Story, timeline_of
from tests.twilio_server import Told, Twilio, signed

STATE = NotificationState
REPLY = "https://dattss.example.org/alerts/telephone/reply/"


@pytest.fixture(autouse=True)
def _today(story: Story) -> None:
    """Views go by the clock of the machine."""
    story.clock.now = timezone.now()


def posted(told: Told, **headers: str) -> tuple[int, str]:
    response = Client(headers=told.headers | headers).post(told.path, told.form)
    return response.status_code, response.content.decode()


def test_an_sms_says_the_sentence_and_how_to_answer(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.SMS))
    assert twilio.requests[0].text == f"Acme #1: {SENTENCE}\nReply 4 to acknowledge, 6 to resolve."


@pytest.mark.parametrize(
    "public", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://10.0.0.7", "http://localhost", "http://nas.local"]
)
def test_where_no_reply_can_come_in_the_link_is_given(
    story: Story, twilio: Twilio, settings: Settings, public: str
) -> None:
    settings.PUBLIC_URL = public
    told = story.told(Channel.SMS, sentence="x" * 5000)
    story.send(told)
    text, link = twilio.requests[0].text.split("\n")
    assert link == links.answer_link(told)
    assert link.startswith(f"{public}/alerts/answer/")
    assert len(text + link) <= 280
    story.send(story.told(Channel.PHONE))
    assert twilio.requests[1].keys_url == ""
    assert "Drücken" not in twilio.requests[1].text


def test_a_long_sentence_is_cut_so_that_it_is_two_sms(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.SMS, sentence="x" * 5000))
    told, answer = twilio.requests[0].text.split("\n")
    assert told == shortened("Acme #1: " + "x" * 5000, 280)
    assert answer.startswith("Reply 4")


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PHONE])
def test_hostile_names_stay_text(story: Story, twilio: Twilio, channel: Channel) -> None:
    hostile = "\x00\x0b\ud7ff</Say><Dial>+1900</Dial>&\n\u202e"
    assert story.send(story.told(channel, story.incident(hostile))).state == STATE.SENT
    signs = ("/Say", "Dial", "+1900", "/Dial") if channel == Channel.PHONE else ("</Say><Dial>+1900</Dial>&",)
    assert all(sign in twilio.requests[0].text for sign in signs)
    assert "<Dial>" not in twilio.requests[0].form.get("Twiml", "")


@pytest.mark.parametrize(
    ("channel", "fields", "state", "line"),
    [
        (Channel.SMS, {"MessageStatus": "sent"}, STATE.SENT, "SMS to {} sent."),
        (Channel.SMS, {"MessageStatus": "delivered"}, STATE.DELIVERED, "SMS to {}: delivered."),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30003"},
            STATE.FAILED,
            "SMS to {}: The phone is off or out of reach.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30004"},
            STATE.FAILED,
            "SMS to {}: The number blocks our messages.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30005"},
            STATE.FAILED,
            "SMS to {}: There is no such number, or it is not in use.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30006"},
            STATE.FAILED,
            "SMS to {}: This number takes no SMS.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30007"},
            STATE.FAILED,
            "SMS to {}: The network took the message for spam.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "undelivered", "ErrorCode": "30008"},
            STATE.FAILED,
            "SMS to {}: The network did not deliver it, and does not say why.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "failed", "ErrorCode": "21610"},
            STATE.FAILED,
            "SMS to {}: The number has answered STOP to our messages.",
        ),
        (
            Channel.SMS,
            {"MessageStatus": "failed", "ErrorCode": "9" * 50},
            STATE.FAILED,
            "SMS to {}: The network did not deliver it (error 9999999999).",
        ),
        (Channel.PHONE, {"AnsweredBy": "human"}, STATE.DELIVERED, "Phone call to {}: answered by a person."),
        (Channel.PHONE, {"AnsweredBy": "machine_start"}, STATE.FAILED, "Phone call to {}: A machine answered."),
        (Channel.PHONE, {"AnsweredBy": "fax"}, STATE.FAILED, "Phone call to {}: A machine answered."),
        (Channel.PHONE, {"AnsweredBy": "unknown"}, STATE.SENT, "Phone call to {} sent."),
        (Channel.PHONE, {"CallStatus": "ringing"}, STATE.SENT, "Phone call to {} sent."),
        (Channel.PHONE, {"CallStatus": "busy"}, STATE.FAILED, "Phone call to {}: The line was busy."),
        (Channel.PHONE, {"CallStatus": "failed"}, STATE.FAILED, "Phone call to {}: The number could not be called."),
        (Channel.PHONE, {"CallStatus": "canceled"}, STATE.FAILED, "Phone call to {}: The call was cancelled."),
        (Channel.PHONE, {"CallStatus": "no-answer"}, STATE.FAILED, "Phone call to {}: Nobody answered."),
        (
            Channel.PHONE,
            {"CallStatus": "completed"},
            STATE.FAILED,
            "Phone call to {}: It was answered, but nobody knows by whom, and no key was pressed.",
        ),
    ],
)
def test_what_twilio_tells_is_noted(
    story: Story, twilio: Twilio, channel: Channel, fields: dict[str, str], state: str, line: str
) -> None:
    told = story.send(story.told(channel))
    next_step = story.told(Channel.EMAIL, told.incident, step=1, due=story.clock.now + timedelta(hours=1))
    news = twilio.news(twilio.requests[0], **fields)
    assert [posted(news)[0] for _ in range(2)] == [204, 204]  # what is told twice counts once
    told.refresh_from_db()
    next_step.refresh_from_db()
    assert told.state == state
    assert (next_step.due < story.clock.now + timedelta(minutes=1)) == (state == STATE.FAILED)
    assert told.incident is not None
    assert timeline_of(told.incident) == list(
        dict.fromkeys([f"{told.get_channel_display()} to {NUMBER} sent.", line.format(NUMBER)])
    )


def test_a_person_who_answered_counts_whenever_that_is_told(story: Story, twilio: Twilio) -> None:
    told = story.send(story.told(Channel.PHONE))
    for fields in ({"CallStatus": "completed"}, {"AnsweredBy": "human"}, {"CallStatus": "completed"}):
        posted(twilio.news(twilio.requests[0], **fields))
    told.refresh_from_db()
    assert told.state == STATE.DELIVERED


def test_a_call_of_unknown_fate_that_was_made_is_found_by_its_news(story: Story, twilio: Twilio) -> None:
    """The crash came after Twilio had taken the call: it is not repeated, and the news say how it went."""
    told = story.send(story.told(Channel.PHONE))
    type(told).objects.update(state=STATE.UNKNOWN, provider_id="")
    posted(twilio.news(twilio.requests[0], AnsweredBy="human"))
    told.refresh_from_db()
    assert told.state == STATE.DELIVERED


def test_an_sms_that_has_arrived_is_not_sent_again_though_no_answer_came(
    story: Story, twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    release = twilio.hold(NUMBER)
    told = story.send(story.told(Channel.SMS))
    assert told.state == STATE.PENDING
    release.set()
    posted(twilio.news(twilio.requests[0], MessageStatus="delivered"))
    story.clock.now = told.due
    assert story.send(told).state == STATE.DELIVERED
    assert len(twilio.requests) == 1


def test_a_call_of_which_twilio_tells_nothing_is_told_otherwise(story: Story, twilio: Twilio) -> None:
    told = story.send(story.told(Channel.PHONE))
    next_step = story.told(Channel.SMS, told.incident, step=1, due=story.clock.now + timedelta(hours=1))
    outbox.give_up_silent_calls(story.clock.now + timedelta(minutes=9))
    told.refresh_from_db()
    assert told.state == STATE.SENT
    story.clock.step(minutes=11)
    outbox.give_up_silent_calls(story.clock.now)
    told.refresh_from_db()
    next_step.refresh_from_db()
    assert (told.state, next_step.due) == (STATE.UNKNOWN, story.clock.now)


@pytest.mark.parametrize(
    ("key", "state", "said"),
    [
        ("4", IncidentState.ACKNOWLEDGED, "Bestätigt."),
        ("6", IncidentState.RESOLVED, "Als erledigt gemeldet."),
        ("5", IncidentState.FIRING, "Diese Taste gibt es nicht."),
        ("", IncidentState.FIRING, "Diese Taste gibt es nicht."),
    ],
)
def test_keys_answer(story: Story, twilio: Twilio, key: str, state: str, said: str) -> None:
    told = story.send(story.told(Channel.PHONE))
    status, heard = posted(twilio.key(twilio.requests[0], key))
    assert status == 200
    assert said in heard
    told.refresh_from_db()
    assert told.incident is not None
    told.incident.refresh_from_db()
    assert (told.incident.state, told.state) == (state, STATE.DELIVERED)
    if state == IncidentState.ACKNOWLEDGED:
        assert (told.incident.acknowledged_by, told.incident.acknowledged_how) == (story.person, "key")


def test_who_is_second_hears_so(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.PHONE))
    assert "Bestätigt" in posted(twilio.key(twilio.requests[0], "4"))[1]
    assert "Jemand war schneller" in posted(twilio.key(twilio.requests[0], "4"))[1]


def test_an_acknowledgement_stops_what_is_still_to_come(story: Story, twilio: Twilio) -> None:
    told = story.send(story.told(Channel.PHONE))
    later = story.told(Channel.SMS, told.incident, step=1, due=story.clock.now + timedelta(minutes=3))
    posted(twilio.key(twilio.requests[0], "4"))
    later.refresh_from_db()
    assert later.state == STATE.CANCELLED


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("4", IncidentState.ACKNOWLEDGED),
        (" 4\n", IncidentState.ACKNOWLEDGED),
        ("4 #1", IncidentState.ACKNOWLEDGED),
        ("Ack", IncidentState.ACKNOWLEDGED),
        ("ACKNOWLEDGE 1.", IncidentState.ACKNOWLEDGED),
        ("6", IncidentState.RESOLVED),
        ("resolved", IncidentState.RESOLVED),
        ("4 2", IncidentState.FIRING),
        ("46", IncidentState.FIRING),
        ("STOP", IncidentState.FIRING),
        ("I am on holiday until the 4", IncidentState.FIRING),
        ("", IncidentState.FIRING),
        ("4" * 1600, IncidentState.FIRING),
        ("٤", IncidentState.FIRING),
        ("4\x00", IncidentState.ACKNOWLEDGED),
    ],
)
def test_an_sms_answers(story: Story, twilio: Twilio, text: str, state: str) -> None:
    told = story.send(story.told(Channel.SMS))
    status, reply = posted(twilio.sms(REPLY, NUMBER, text))
    assert status == 200
    assert ("#1" in reply) == (state != IncidentState.FIRING)
    assert told.incident is not None
    told.incident.refresh_from_db()
    assert told.incident.state == state


def test_an_sms_answers_the_newest_or_the_one_that_it_names(story: Story, twilio: Twilio) -> None:
    first, second = story.told(Channel.SMS), story.told(Channel.PHONE)
    for told in (first, second):
        story.send(told)
        story.clock.step(seconds=1)
    assert "#2: acknowledged." in posted(twilio.sms(REPLY, NUMBER, "4"))[1]
    assert "#1: resolved." in posted(twilio.sms(REPLY, NUMBER, "6 1"))[1]
    assert "#2: resolved." in posted(twilio.sms(REPLY, NUMBER, "6"))[1]
    assert "#" not in posted(twilio.sms(REPLY, NUMBER, "6"))[1]
    assert "#2: somebody was faster." in posted(twilio.sms(REPLY, NUMBER, "4 2"))[1]


def test_only_the_number_that_was_told_may_answer(story: Story, twilio: Twilio, bob: User) -> None:
    other = "+4915199999999"
    Contact.objects.create(
        account=story.account, user=bob, medium=Medium.PHONE, address=other, confirmed=story.clock.now
    )
    told = story.send(story.told(Channel.SMS))
    for number in (other, "+4915100000000", "", "x" * 300):
        assert "#1" not in posted(twilio.sms(REPLY, number, "4"))[1]
    assert told.incident is not None
    told.incident.refresh_from_db()
    assert told.incident.state == IncidentState.FIRING


@pytest.mark.parametrize("how", ["removed", "left", "viewer", "long ago", "test", "not sent"])
def test_who_may_not_any_more_answers_nothing(story: Story, twilio: Twilio, how: str) -> None:
    kind = NotificationKind.TEST if how == "test" else NotificationKind.ALERT
    told = story.told(Channel.SMS, kind=kind)
    if how != "not sent":
        story.send(told)
    if how == "removed":
        story.phone.delete()
    elif how == "left":
        Membership.objects.all().delete()
    elif how == "viewer":
        Membership.objects.update(role=Role.VIEWER)
    elif how == "long ago":
        type(told).objects.update(logged=story.clock.now - timedelta(days=8))
    assert "#1" not in posted(twilio.sms(REPLY, NUMBER, "4"))[1]
    assert Incident.objects.get().state == IncidentState.FIRING


Forgery = Callable[[Told], Told]
FORGERIES: dict[str, Forgery] = {
    "no signature": lambda told: Told(told.url, told.form, ""),
    "another token": lambda told: signed(told.url, told.form, "0" * 32),
    "another field": lambda told: Told(told.url, {**told.form, "Digits": "6", "Body": "6"}, told.signature),
    "one more field": lambda told: Told(told.url, {**told.form, "X": "1"}, told.signature),
    "another address": lambda told: Told(told.url, told.form, signed(told.url + "?x=1", told.form).signature),
    "not even ASCII": lambda told: Told(told.url, told.form, "\xff" * 28),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_what_twilio_has_not_signed_is_refused(story: Story, twilio: Twilio, forged: Forgery) -> None:
    told = story.send(story.told(Channel.PHONE))
    call = twilio.requests[0]
    for request in (
        twilio.news(call, AnsweredBy="human"),
        twilio.key(call, "4"),
        twilio.sms(REPLY, NUMBER, "4"),
    ):
        assert posted(forged(request))[0] == 403
    told.refresh_from_db()
    assert told.state == STATE.SENT
    assert Incident.objects.get().state == IncidentState.FIRING


def test_the_host_header_makes_no_signature_right_or_wrong(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.PHONE))
    good = twilio.news(twilio.requests[0], AnsweredBy="human")
    assert posted(good, Host="localhost")[0] == 204
    elsewhere = signed(good.url.replace("dattss.example.org", "localhost"), good.form)
    assert posted(elsewhere, Host="localhost")[0] == 403


def test_without_a_token_no_signature_is_right(story: Story, twilio: Twilio, settings: Settings) -> None:
    story.send(story.told(Channel.PHONE))
    settings.TWILIO_AUTH_TOKEN = ""
    news = twilio.news(twilio.requests[0], AnsweredBy="human")
    assert posted(signed(news.url, news.form, ""))[0] == 403


def test_news_of_what_there_is_not_are_not_found(twilio: Twilio, db: None) -> None:
    for number in ("0", "1", "9" * 18, str(2**63)):
        url = f"https://dattss.example.org/alerts/telephone/{number}/news/"
        assert posted(signed(url, {"MessageStatus": "delivered"}))[0] == 404
