"""The one sentence, for each reader: in his time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from alerts.conditions import UnlikeTypical
from alerts.models import Channel, EndpointKind, Incident, NotificationKind
from alerts.rules import Transition
from alerts.saying import Facts, stored
from alerts.wording import compose, one_line, shortened
from tests.alerts.sending.told import Story
from tests.smtp_server import Mailbox, text_of

AT = int(datetime(2026, 11, 24, 13, 6, tzinfo=UTC).timestamp())
FACTS = Facts(
    "orders",
    "c",
    UnlikeTypical(minutes=6),
    Transition(AT, "pending", "firing", 360, value=12, low=30, high=60, usual=41),
)


@pytest.fixture
def incident(story: Story) -> Incident:
    incident = story.incident(sentence=FACTS.written(ZoneInfo("UTC")))
    incident.facts = stored(FACTS)
    incident.save()
    return incident


@pytest.mark.parametrize(("zone", "time"), [("", "13:05"), ("Europe/Berlin", "14:05"), ("Asia/Kolkata", "18:35")])
def test_each_reader_has_his_own_time(story: Story, incident: Incident, zone: str, time: str) -> None:
    User.objects.filter(pk=story.person.pk).update(timezone=zone)
    message = compose(story.told(Channel.EMAIL, incident, person=User.objects.get(pk=story.person.pk)))
    assert message.sentence == f"orders 12/min, 71 % below a typical Tuesday {time}, for 6 min"
    assert message.subject == f"Acme #1: {message.sentence}"


@pytest.mark.parametrize(("zone", "time"), [("Europe/Berlin", "14:05"), ("Asia/Kolkata", "18:35")])
def test_a_storm_is_told_in_his_own_time_too(
    story: Story, incident: Incident, mailbox: Mailbox, zone: str, time: str
) -> None:
    story.person.timezone = zone
    story.person.save()
    for one in (incident, *(story.incident(f"s{at}") for at in range(4))):
        story.told(Channel.EMAIL, one)
    story.send_all()
    (mail,) = mailbox.mails
    assert f"5 incidents: orders 12/min, 71 % below a typical Tuesday {time}, for 6 min; s0; s1" in text_of(mail)
    for kind in ("plain", "html"):
        assert f"#1 orders 12/min, 71 % below a typical Tuesday {time}, for 6 min" in text_of(mail, kind)
        assert "13:05" not in text_of(mail, kind)


def test_what_burns_on_after_a_silence_or_an_acknowledgement_is_still_burning(story: Story, incident: Incident) -> None:
    first, anew = (story.told(Channel.EMAIL, incident, round=number) for number in (0, 1))
    over = story.told(Channel.EMAIL, incident, round=1, kind=NotificationKind.RECOVERY)
    assert [compose(told).lead for told in (first, anew, over)] == ["", "Still: ", "Resolved: "]


def test_an_endpoint_has_it_in_the_zone_of_the_rule(story: Story) -> None:
    incident = story.incident(sentence=FACTS.written(ZoneInfo("Asia/Kolkata")))
    incident.facts = stored(FACTS)
    incident.save()
    message = compose(story.posted(story.endpoint(EndpointKind.SLACK, "https://x.example"), incident=incident))
    assert message.sentence == message.own[0] == incident.sentence
    assert "18:35" in message.sentence


def test_what_is_said_besides_stays(story: Story, incident: Incident) -> None:
    told = story.told(Channel.EMAIL, incident, sentence=f"{incident.sentence} (And why.)")
    assert compose(told).sentence.endswith("for 6 min (And why.)")


def test_facts_of_another_version_are_no_error(story: Story, incident: Incident) -> None:
    incident.facts = {"name": 1}
    incident.save()
    assert compose(story.told(Channel.EMAIL, incident)).sentence == incident.sentence


@pytest.mark.parametrize("text", ["", "a\r\nb", "\x00\x0b\u2028\u202e", "x" * 5000, "\ud800"])
def test_a_line_is_one_line_of_what_can_be_printed(text: str) -> None:
    assert one_line(text).isprintable()
    assert len(shortened(one_line(text), 280)) <= 280
