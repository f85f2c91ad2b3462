"""In which language somebody is called."""

import phonenumbers

from accounts.models import Language, User

# What Twilio calls them; its basic voices speak all of these: https://www.twilio.com/docs/voice/twiml/say.
VOICES = {
    Language.ENGLISH: "en-GB",
    Language.GERMAN: "de-DE",
    Language.FRENCH: "fr-FR",
    Language.SPANISH: "es-ES",
    Language.ITALIAN: "it-IT",
    Language.DUTCH: "nl-NL",
    Language.PORTUGUESE: "pt-PT",
    Language.SWEDISH: "sv-SE",
}
_OF_COUNTRIES = {
    "AT": Language.GERMAN, "DE": Language.GERMAN, "LI": Language.GERMAN, "CH": Language.GERMAN,
    "FR": Language.FRENCH, "LU": Language.FRENCH, "MC": Language.FRENCH,
    "ES": Language.SPANISH, "MX": Language.SPANISH, "AR": Language.SPANISH, "CL": Language.SPANISH,
    "CO": Language.SPANISH, "PE": Language.SPANISH,
    "IT": Language.ITALIAN, "SM": Language.ITALIAN,
    "NL": Language.DUTCH, "BE": Language.DUTCH,
    "PT": Language.PORTUGUESE, "BR": Language.PORTUGUESE,
    "SE": Language.SWEDISH,
}  # fmt: skip


def language_of_calls(person: User | None, number: str) -> Language:
    """The language that the person chose, else that of the country of an E.164 number; English where we have none."""
    if person is not None and person.language in VOICES:
        return Language(person.language)
    country = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return _OF_COUNTRIES.get(country or "", Language.ENGLISH)
