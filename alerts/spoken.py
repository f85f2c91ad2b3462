"""What is heard in a call: the words around the sentence in the language of who is called, the sentence as everywhere.

The languages are those of Twilio's basic voices that we can write: https://www.twilio.com/docs/voice/twiml/say.
"""

from dataclasses import dataclass

import phonenumbers
from twilio.twiml.voice_response import Gather, VoiceResponse

from alerts.wording import ACKNOWLEDGE, RESOLVE, Message, shortened

ENGLISH = "en-GB"
TIMES = 2  # the message is said, unless a key is pressed
_MOST_LETTERS = 600
_KEY_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, which Twilio calls `language`."""

    language: str
    hello: str
    keys: str
    acknowledged: str
    resolved: str
    before: str
    unknown_key: str
    goodbye: str


_WORDS = {
    "en": Words(
        ENGLISH,
        "This is DaTtSs with an alert.",
        "Press 4 to acknowledge, or 6 to resolve.",
        "Acknowledged.",
        "Resolved.",
        "Somebody was faster.",
        "There is no such key.",
        "Goodbye.",
    ),
    "de": Words(
        "de-DE",
        "Hier ist DaTtSs mit einem Alarm.",
        "Drücken Sie die 4, um zu bestätigen, oder die 6, um ihn als erledigt zu melden.",
        "Bestätigt.",
        "Als erledigt gemeldet.",
        "Jemand war schneller.",
        "Diese Taste gibt es nicht.",
        "Auf Wiederhören.",
    ),
    "fr": Words(
        "fr-FR",
        "Ici DaTtSs, avec une alerte.",
        "Appuyez sur le 4 pour prendre en charge, ou sur le 6 pour clore.",
        "Prise en charge.",
        "Close.",
        "Quelqu'un a été plus rapide.",
        "Cette touche n'existe pas.",
        "Au revoir.",
    ),
    "es": Words(
        "es-ES",
        "Aquí DaTtSs, con una alerta.",
        "Pulse 4 para confirmar, o 6 para darla por resuelta.",
        "Confirmada.",
        "Resuelta.",
        "Alguien ha sido más rápido.",
        "Esa tecla no existe.",
        "Adiós.",
    ),
    "it": Words(
        "it-IT",
        "Qui DaTtSs, con un allarme.",
        "Premere 4 per confermare, o 6 per chiudere.",
        "Confermato.",
        "Chiuso.",
        "Qualcuno è stato più veloce.",
        "Questo tasto non esiste.",
        "Arrivederci.",
    ),
    "nl": Words(
        "nl-NL",
        "Dit is DaTtSs met een alarm.",
        "Druk op 4 om te bevestigen, of op 6 om het als opgelost te melden.",
        "Bevestigd.",
        "Opgelost.",
        "Iemand was sneller.",
        "Die toets bestaat niet.",
        "Tot ziens.",
    ),
    "pt": Words(
        "pt-PT",
        "Daqui DaTtSs, com um alerta.",
        "Prima 4 para confirmar, ou 6 para dar por resolvido.",
        "Confirmado.",
        "Resolvido.",
        "Alguém foi mais rápido.",
        "Essa tecla não existe.",
        "Adeus.",
    ),
    "sv": Words(
        "sv-SE",
        "Det här är DaTtSs med ett larm.",
        "Tryck 4 för att bekräfta, eller 6 för att avsluta.",
        "Bekräftat.",
        "Avslutat.",
        "Någon hann före.",
        "Den knappen finns inte.",
        "Hej då.",
    ),
}
LANGUAGES = tuple(_WORDS)
_OF_COUNTRIES = {
    "AT": "de", "DE": "de", "LI": "de", "CH": "de",
    "FR": "fr", "LU": "fr", "MC": "fr",
    "ES": "es", "MX": "es", "AR": "es", "CL": "es", "CO": "es", "PE": "es",
    "IT": "it", "SM": "it",
    "NL": "nl", "BE": "nl",
    "PT": "pt", "BR": "pt",
    "SE": "sv",
}  # fmt: skip


def words_for(number: str) -> Words:
    """The words of the country that an E.164 number belongs to; English where we have none."""
    country = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return _WORDS[_OF_COUNTRIES.get(country or "", "en")]


def call(message: Message, words: Words, keys_url: str) -> VoiceResponse:
    """What is heard when the call is taken; keys are told to `keys_url`, where there is one."""
    spoken = VoiceResponse()
    if keys_url:
        for _ in range(TIMES):
            gather = Gather(num_digits=1, action=keys_url, method="POST", timeout=_KEY_SECONDS)
            _say(gather, words, words.hello, message)
            gather.say(words.keys, language=words.language)
            spoken.append(gather)
    else:
        for _ in range(TIMES):
            _say(spoken, words, words.hello, message)
    spoken.say(words.goodbye, language=words.language)
    return spoken


def reply(words: Words, key: str, *, changed: bool) -> VoiceResponse:
    """What is heard after a key."""
    done = {ACKNOWLEDGE: words.acknowledged, RESOLVE: words.resolved}[key]
    spoken = VoiceResponse()
    spoken.say(f"{done if changed else words.before} {words.goodbye}", language=words.language)
    return spoken


def again(message: Message, words: Words, keys_url: str) -> VoiceResponse:
    """What is heard after any other key."""
    spoken = VoiceResponse()
    spoken.say(words.unknown_key, language=words.language)
    for verb in call(message, words, keys_url).verbs:
        spoken.append(verb)
    return spoken


def _say(spoken: VoiceResponse | Gather, words: Words, first: str, message: Message) -> None:
    spoken.say(first, language=words.language)
    spoken.say(shortened(f"{message.source}. {message.spoken}", _MOST_LETTERS), language=ENGLISH)
