"""The languages in which alerts are said, by the codes of `accounts.models.Language`: a file for each.

What is written is English, as the pages are.
"""

from typing import NamedTuple

from alerts.languages import de, en, es, fr, it, nl, pt, sv
from alerts.languages.phrases import CallPhrases, Phrases


class Spoken(NamedTuple):
    """A language: of the sentences, and of what a call says around them."""

    phrases: Phrases
    call: CallPhrases


LANGUAGES = {
    "en": Spoken(en.PHRASES, en.CALL),
    "de": Spoken(de.PHRASES, de.CALL),
    "fr": Spoken(fr.PHRASES, fr.CALL),
    "es": Spoken(es.PHRASES, es.CALL),
    "it": Spoken(it.PHRASES, it.CALL),
    "nl": Spoken(nl.PHRASES, nl.CALL),
    "pt": Spoken(pt.PHRASES, pt.CALL),
    "sv": Spoken(sv.PHRASES, sv.CALL),
}
WRITTEN = en.WRITTEN
