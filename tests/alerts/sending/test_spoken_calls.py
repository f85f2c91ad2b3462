"""What is heard in a call: all of it in the language of who is called, and never more than Twilio takes."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, Contact, Language, User
from alerts import spoken
from alerts.conditions import Condition, UnlikeTypical
from alerts.languages import LANGUAGES
from alerts.models import Channel, Incident, Notification, NotificationKind
from alerts.rules import Transition
from alerts.saying import Facts, stored
from alerts.wording import Message
from tests.alerts.sending.test_telephone import posted
from tests.alerts.sending.told import Story
from tests.alerts.test_spoken_sentences import IN_ALL, all_words, facts, words_in
from tests.twilio_server import Asked, Twilio

AT = int(datetime(2026, 11, 24, 13, 6, tzinfo=UTC).timestamp())
FACTS = Facts(
    "orders",
    "c",
    UnlikeTypical(minutes=6),
    Transition(AT, "pending", "firing", 360, value=12, low=30, high=60, usual=41),
)


@pytest.fixture
def incident(story: Story) -> Incident:
    story.person.timezone = "Europe/Berlin"
    story.person.save()
    return of_orders(story)


def of_orders(story: Story) -> Incident:
    incident = story.incident()
    incident.facts = stored(FACTS)
    incident.save()
    return incident


def heard(asked: Asked | str) -> list[tuple[str, str]]:
    """Voice and text of all that is said."""
    twiml = asked if isinstance(asked, str) else asked.form["Twiml"]
    return [(say.attrib["language"], say.text or "") for say in ElementTree.fromstring(twiml).iter("Say")]


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_of_a_call_is_in_the_language_that_the_person_chose(
    story: Story, twilio: Twilio, incident: Incident, code: str
) -> None:
    story.person.language = code
    story.person.save()
    story.send(story.told(Channel.PHONE, incident))
    voices, texts = zip(*heard(twilio.requests[0]), strict=True)
    assert len(set(voices)) == 1
    assert voices[0].startswith(code)
    assert [f"{IN_ALL[code]}." in text for text in texts] == [True, True, False]
    assert words_in(" ".join(texts)) <= all_words(code) | {"Acme", "orders"}


def test_a_call_says_who_calls_what_is_wrong_and_what_to_press_twice(
    story: Story, twilio: Twilio, incident: Incident
) -> None:
    story.send(story.told(Channel.PHONE, incident))
    call = ElementTree.fromstring(twilio.requests[0].form["Twiml"])
    assert [verb.tag for verb in call] == ["Gather", "Gather", "Say"]
    for gather in call.findall("Gather"):
        assert gather.attrib == {
            "action": twilio.requests[0].keys_url,
            "method": "POST",
            "numDigits": "1",
            "timeout": "6",
        }
        assert [say.text for say in gather] == [
            f"Hier ist DaTtSs mit einem Alarm. Acme, Vorfall 1. {IN_ALL['de']}. Drücken Sie die 4, um zu bestätigen, "
            "oder die 6, um ihn als erledigt zu melden."
        ]
    assert heard(twilio.requests[0])[-1] == ("de-DE", "Auf Wiederhören.")


@pytest.mark.parametrize(
    ("number", "voice"),
    [("+15017122661", "en-GB"), ("+33612345678", "fr-FR"), ("+4915123456789", "de-DE"), ("+351912345678", "pt-PT")],
)
def test_who_chose_none_hears_that_of_the_numbers_country(
    story: Story, twilio: Twilio, incident: Incident, number: str, voice: str
) -> None:
    Contact.objects.filter(pk=story.phone.pk).update(address=number)
    story.send(story.told(Channel.PHONE, incident, address=number))
    assert {language for language, _ in heard(twilio.requests[0])} == {voice}


def test_a_repeat_says_that_it_goes_on(story: Story, twilio: Twilio, incident: Incident) -> None:
    story.send(story.told(Channel.PHONE, incident, kind=NotificationKind.REPEAT))
    assert "Acme, Vorfall 1. Es dauert an. orders" in twilio.requests[0].text


def test_a_storm_says_how_many_there_are_and_the_first(story: Story, twilio: Twilio, incident: Incident) -> None:
    for one in (incident, *(of_orders(story) for _ in range(4))):
        story.told(Channel.PHONE, one)
    story.send_all()
    (call,) = twilio.requests
    assert f"5 Vorfälle bei Acme. {IN_ALL['de']}. {IN_ALL['de']}. {IN_ALL['de']}. Und noch 2. Drücken" in call.text
    assert {voice for voice, _ in heard(call)} == {"de-DE"}


def test_a_test_call_says_that_nothing_is_wrong(story: Story, twilio: Twilio) -> None:
    sentence = "alice@example.org tries this way. Nothing is wrong."
    test = story.told(Channel.PHONE, kind=NotificationKind.TEST, sentence=sentence)
    Notification.objects.update(incident=None)
    test.refresh_from_db()
    story.send(test)
    said = "Hier ist DaTtSs mit einem Alarm. Dies ist ein Test. Es ist nichts passiert."
    assert heard(twilio.requests[0]) == [("de-DE", said), ("de-DE", said), ("de-DE", "Auf Wiederhören.")]


def test_what_another_version_has_kept_is_said_by_an_english_voice(story: Story, twilio: Twilio) -> None:
    story.send(story.told(Channel.PHONE))
    voices = [voice for voice, _ in heard(twilio.requests[0])]
    assert voices == ["de-DE", "en-GB", "de-DE"] * 2 + ["de-DE"]


@pytest.mark.parametrize(("key", "said"), [("4", "acknowledged"), ("6", "resolved"), ("9", "unknown_key")])
@pytest.mark.parametrize("code", ["en", "es", "sv"])
def test_keys_are_answered_in_it(
    story: Story, twilio: Twilio, incident: Incident, code: str, key: str, said: str
) -> None:
    story.clock.now = timezone.now()
    story.person.language = code
    story.person.save()
    story.send(story.told(Channel.PHONE, incident))
    texts = [text for _, text in heard(posted(twilio.key(twilio.requests[0], key))[1])]
    assert texts[0].startswith(getattr(LANGUAGES[code].call, said))
    assert texts[-1].endswith(LANGUAGES[code].call.goodbye)
    assert (IN_ALL[code] in " ".join(texts)) == (key == "9")


languages = st.sampled_from([*Language.values, ""])
texts = st.text(max_size=300) | st.sampled_from(["&" * 300, "x" * 300])


@given(
    language=languages,
    account=texts,
    sentences=st.lists(texts, min_size=1, max_size=6),
    kind=st.sampled_from([NotificationKind.ALERT, NotificationKind.REPEAT, NotificationKind.STORM]),
    **facts,
)
def test_whatever_it_tells_of_twilio_takes_the_call(
    language: str,
    account: str,
    sentences: list[str],
    kind: str,
    name: str,
    of_kind: Any,
    condition: Condition,
    change: Transition,
) -> None:
    known = stored(Facts(name, of_kind, condition, change))
    told = [Incident(sentence=sentence, facts=known if at % 2 else {}) for at, sentence in enumerate(sentences)]
    call = call_of(language, account, kind, told)
    assert ElementTree.fromstring(call).findall("Gather/Say")
    assert all(text.strip() for _, text in heard(call))
    assert len(call) <= spoken.MOST_LETTERS


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("facts", [{}, stored(msgspec.structs.replace(FACTS, name="x" * 300))], ids=["none", "known"])
def test_the_longest_call_is_not_too_long(language: str, facts: dict[str, Any]) -> None:
    told = [Incident(sentence="&" * 300, facts=facts) for _ in range(2000)]
    assert len(call_of(language, "x" * 80, NotificationKind.STORM, told)) <= spoken.MOST_LETTERS


def call_of(language: str, account: str, kind: str, told: list[Incident]) -> str:
    for number, incident in enumerate(told, 10**6):
        incident.number = number
    notification = Notification(
        account=Account(name=account[:80]), person=User(language=language), address="+4915123456789", kind=kind
    )
    message = Message(True, "", "", "", tuple(one.sentence for one in told), tuple(told), "", "x")
    return str(spoken.call(notification, message, "https://" + "x" * 190))
