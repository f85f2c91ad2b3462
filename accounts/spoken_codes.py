"""A code by phone, in the language of who is called: twice, digit by digit."""

from twilio.twiml.voice_response import VoiceResponse

from accounts.languages import VOICES, language_of_calls
from accounts.models import Contact, Language

_WORDS = {
    Language.ENGLISH: ("Hello. Your code for DaTtSs is: {}.", "Once more, your code is: {}. Goodbye."),
    Language.GERMAN: ("Guten Tag. Ihr Code für DaTtSs ist: {}.", "Noch einmal, Ihr Code ist: {}. Auf Wiederhören."),
    Language.FRENCH: ("Bonjour. Votre code pour DaTtSs est : {}.", "Encore une fois, votre code est : {}. Au revoir."),
    Language.SPANISH: ("Hola. Su código para DaTtSs es: {}.", "Una vez más, su código es: {}. Adiós."),
    Language.ITALIAN: ("Salve. Il suo codice per DaTtSs è: {}.", "Ancora una volta, il codice è: {}. Arrivederci."),
    Language.DUTCH: ("Hallo. Uw code voor DaTtSs is: {}.", "Nog een keer, uw code is: {}. Tot ziens."),
    Language.PORTUGUESE: ("Olá. O seu código para DaTtSs é: {}.", "Mais uma vez, o seu código é: {}. Adeus."),
    Language.SWEDISH: ("Hej. Din kod för DaTtSs är: {}.", "En gång till, din kod är: {}. Hej då."),
}


def spoken_code(contact: Contact, code: str) -> VoiceResponse:
    """What is heard in the call."""
    language, digits, spoken = language_of_calls(contact.user, contact.address), ", ".join(code), VoiceResponse()
    first, again = _WORDS[language]
    spoken.say(first.format(digits), language=VOICES[language])
    spoken.pause(length=1)
    spoken.say(again.format(digits), language=VOICES[language])
    return spoken
