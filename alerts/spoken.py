"""What is heard in a call, in the language of who is called: the sentences, and the words around them.

Twilio takes at most 4,000 characters with a call: https://www.twilio.com/docs/voice/api/call-resource.
"""

from itertools import groupby
from typing import NamedTuple

from twilio.twiml.voice_response import Gather, VoiceResponse

from accounts.languages import VOICES, language_of_calls
from accounts.models import Language
from accounts.timezones import zone_or_utc
from alerts import saying
from alerts.languages import LANGUAGES
from alerts.languages.phrases import CallPhrases
from alerts.models import Incident, Notification, NotificationKind
from alerts.sayable import sayable
from alerts.storms import SENTENCES
from alerts.wording import ACKNOWLEDGE, RESOLVE, Message, goes_on, one_line, shortened

MOST_LETTERS = 4000  # of a call
TIMES = 2  # the message is said, unless a key is pressed
_OF_SENTENCE = 280
_KEY_SECONDS = 6
_MARKUP = str.maketrans("&<>", "   ")  # no voice says them, and in XML each is up to five letters


class _Said(NamedTuple):
    text: str
    voice: str


def call(notification: Notification, message: Message, keys_url: str) -> VoiceResponse:
    """What is heard when the call is taken; keys are told to `keys_url`, where there is one."""
    spoken, words, voice = VoiceResponse(), _words(notification), _voice(notification)
    for _ in range(TIMES):
        if keys_url:
            gather = Gather(num_digits=1, action=keys_url, method="POST", timeout=_KEY_SECONDS)
            _say(gather, [*_told(notification, message), _Said(words.keys, voice)])
            spoken.append(gather)
        else:
            _say(spoken, _told(notification, message))
    spoken.say(words.goodbye, language=voice)
    return spoken


def reply(notification: Notification, key: str, *, changed: bool) -> VoiceResponse:
    """What is heard after a key."""
    words, spoken = _words(notification), VoiceResponse()
    done = {ACKNOWLEDGE: words.acknowledged, RESOLVE: words.resolved}[key]
    spoken.say(f"{done if changed else words.before} {words.goodbye}", language=_voice(notification))
    return spoken


def again(notification: Notification, message: Message, keys_url: str) -> VoiceResponse:
    """What is heard after any other key."""
    spoken = VoiceResponse()
    spoken.say(_words(notification).unknown_key, language=_voice(notification))
    for verb in call(notification, message, keys_url).verbs:
        spoken.append(verb)
    return spoken


def _say(verb: VoiceResponse | Gather, told: list[_Said]) -> None:
    """One verb for each stretch of one voice."""
    for voice, said in groupby(told, key=lambda one: one.voice):
        verb.say(" ".join(one.text for one in said), language=voice)


def _told(notification: Notification, message: Message) -> list[_Said]:
    """The message, and before it who calls."""
    words, voice = _words(notification), _voice(notification)
    told = [_Said(words.hello, voice)]
    if notification.kind == NotificationKind.TEST:
        return [*told, _Said(words.test, voice)]
    if not message.incidents:
        return [*told, _in_english(message.text)]
    told.append(_Said(_source(notification, message), voice))
    if goes_on(notification):
        told.append(_Said(words.still, voice))
    told += [_sentence(notification, incident) for incident in message.incidents[:SENTENCES]]
    more = len(message.incidents) - SENTENCES
    return told if more <= 0 else [*told, _Said(words.more.of(more), voice)]


def _source(notification: Notification, message: Message) -> str:
    """The account, and which incident of it, or how many."""
    words, number = _words(notification), len(message.incidents)
    account = sayable(notification.account.name) or "DaTtSs"
    if number == 1:
        return words.incident.format(account=account, number=message.incidents[0].number)
    return words.several.format(account=account, number=number)


def _sentence(notification: Notification, incident: Incident) -> _Said:
    """In English where another version has kept the facts."""
    facts = saying.known_facts(incident)
    if facts is None:
        return _in_english(incident.sentence)
    phrases = LANGUAGES[_language(notification)].phrases
    text = facts.spoken(zone_or_utc(notification.person), phrases)
    return _Said(f"{shortened(text, _OF_SENTENCE)}.", _voice(notification))


def _in_english(text: str) -> _Said:
    return _Said(f"{shortened(one_line(text.translate(_MARKUP)), _OF_SENTENCE)}.", VOICES[Language.ENGLISH])


def _language(notification: Notification) -> Language:
    return language_of_calls(notification.person, notification.address)


def _words(notification: Notification) -> CallPhrases:
    return LANGUAGES[_language(notification)].call


def _voice(notification: Notification) -> str:
    return VOICES[_language(notification)]
