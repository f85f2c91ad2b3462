"""The one sentence for the ear: the same facts in each language, none left in English, no signs in it."""

import re
from dataclasses import astuple, fields
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.languages import VOICES
from accounts.models import Language
from alerts.conditions import Above, Below, Condition, Errors, StoppedResponding, StoppedWorking, UnlikeTypical
from alerts.languages import LANGUAGES
from alerts.languages.phrases import CallPhrases, Phrases
from alerts.rules import Transition
from alerts.sayable import sayable
from alerts.sentence import Subject, spoken
from tests.alerts.test_sentence import BERLIN, SENTENCES, TUESDAY, fired

OTHERS = [code for code in LANGUAGES if code != "en"]
# What is spelled as in English, and is the language's own.
_ALSO_THEIRS = {
    "de": {"an", "in", "minus"},
    "fr": {"a", "incident", "incidents", "minute", "minutes", "s"},
    "es": {"a", "error", "no"},
    "it": {"in", "per", "percentile", "zero"},
    "nl": {"in", "incident", "is", "per", "test", "was"},
    "pt": {"a", "no", "zero"},
    "sv": {"incident", "minus", "per", "test"},
}
TYPICAL = UnlikeTypical(minutes=6)
IN_ALL = {
    "de": "orders, 12 pro Minute, 71 Prozent weniger als an einem typischen Dienstag um 14 Uhr 5, seit 6 Minuten",
    "en": "orders, 12 per minute, 71 percent below a typical Tuesday at 14:05, for 6 minutes",
    "es": "orders, 12 por minuto, 71 por ciento menos que en un martes típico a las 14 y 5, desde hace 6 minutos",
    "fr": "orders, 12 par minute, 71 pour cent de moins qu'un mardi typique à 14 heures 5, depuis 6 minutes",
    "it": "orders, 12 al minuto, 71 per cento in meno che in un martedì tipico alle ore 14 e 5, da 6 minuti",
    "nl": "orders, 12 per minuut, 71 procent minder dan op een typische dinsdag om 14 uur 5, al 6 minuten",
    "pt": "orders, 12 por minuto, 71 por cento menos do que numa terça-feira típica às 14 horas e 5 minutos, "
    "há 6 minutos",
    "sv": "orders, 12 per minut, 71 procent mindre än en typisk tisdag klockan 14:05, i 6 minuter",
}


def words_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", re.sub(r"{.*?}", " ", text)))


def texts_of(said: Phrases | CallPhrases | tuple[Any, ...]) -> list[str]:
    """All phrases, the two of a `Counted` too."""
    parts = said if isinstance(said, tuple) else astuple(said)
    return [text for part in parts for text in (texts_of(part) if isinstance(part, tuple) else [part])]


def all_words(code: str) -> set[str]:
    return {word for said in LANGUAGES[code] for text in texts_of(said) for word in words_in(text)}


def places_in(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


# --- each language has all of it --------------------------------------------------------------------------------------
def test_each_language_that_can_be_chosen_is_spoken() -> None:
    assert set(LANGUAGES) == set(Language.values) == {str(language) for language in VOICES}
    assert {voice.partition("-")[0] for voice in VOICES.values()} == set(LANGUAGES)


@pytest.mark.parametrize("code", OTHERS)
def test_no_phrase_is_left_in_english(code: str) -> None:
    assert all_words(code) & all_words("en") - {"DaTtSs"} <= _ALSO_THEIRS[code]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("part", [0, 1], ids=["sentence", "call"])
def test_each_phrase_says_the_same_facts(code: str, part: int) -> None:
    theirs, english = LANGUAGES[code][part], LANGUAGES["en"][part]
    for name in (field.name for field in fields(theirs)):
        said, ours = getattr(theirs, name), getattr(english, name)
        texts, our_texts = (texts_of(one if isinstance(one, tuple) else (one,)) for one in (said, ours))
        assert len(texts) == len(our_texts), name
        assert places_in(texts[-1]) == places_in(our_texts[-1]), name
        assert all(bool(text) == bool(our) for text, our in zip(texts, our_texts, strict=True)) or name == "full", name


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_weekday_has_its_name(code: str) -> None:
    assert len(set(LANGUAGES[code].phrases.typical_days)) == 7


# --- the sentences ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_sentence_is_said_in_each_language(code: str) -> None:
    change = fired(value=12, low=30, high=60, usual=41)
    assert spoken(Subject("orders"), TYPICAL, change, BERLIN, LANGUAGES[code].phrases) == IN_ALL[code]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize(("condition", "change"), [row[1:3] for row in SENTENCES], ids=[row[3] for row in SENTENCES])
def test_every_kind_of_condition_is_said_in_it(code: str, condition: Condition, change: Transition) -> None:
    text = spoken(Subject("Xyz"), condition, change, BERLIN, LANGUAGES[code].phrases)
    assert text.startswith("Xyz")
    assert words_in(text) <= all_words(code) | {"Xyz"}
    assert len(words_in(text)) >= 4


@pytest.mark.parametrize(
    ("code", "condition", "kind", "change", "said"),
    [
        ("de", Above(limit=1), "ms", fired(60, value=1234.5, high=1), "x, 1234 Millisekunden, über eine Millisekunde,"),
        ("de", Above(limit=-1.5), "g", fired(60, value=-0.25, high=-1.5), "x, minus 0,25, über minus 1,5, seit einer"),
        ("de", Above(limit=1e15), "g", fired(60, value=1.5e18, high=1e15), "x, 1,5 mal 10 hoch 18, über 1 mal 10 hoch"),
        ("en", Below(limit=1e-5), "g", fired(60, value=0, low=1e-5), "below 1 times 10 to the power of minus 5"),
        ("fr", Above(limit=1, measure="p99.9"), "ms", fired(60, value=2, high=1), "x, centile 99,9, 2 millisecondes"),
        ("it", StoppedWorking(), "c", fired(90_060, known="away"), "da un giorno e un'ora"),
        ("sv", StoppedResponding(), "c", fired(32, silent=1.9), "x har varit tyst i en sekund"),
        ("nl", Errors(on="new"), "c", fired(60, value=1), "één keer in de eerste minuut"),
        ("pt", Errors(on="regression"), "c", fired(60, value=12), "12 vezes num minuto"),
    ],
)
def test_numbers_and_lengths_of_time_are_said_as_people_do(
    code: str, condition: Condition, kind: Any, change: Transition, said: str
) -> None:
    assert said in spoken(Subject("x", kind), condition, change, BERLIN, LANGUAGES[code].phrases)


@pytest.mark.parametrize(
    ("code", "times"),
    [
        ("de", ["um 0 Uhr 5", "um 1 Uhr", "um 14 Uhr 1"]),
        ("en", ["at 0:05", "at 1:00", "at 14:01"]),
        ("es", ["a las 0 y 5", "a la 1 en punto", "a las 14 y 1"]),
        ("fr", ["à 0 heures 5", "à une heure", "à 14 heures 1"]),
        ("it", ["alle ore 0 e 5", "alle ore 1", "alle ore 14 e 1"]),
        ("nl", ["om 0 uur 5", "om 1 uur", "om 14 uur 1"]),
        ("pt", ["às 0 horas e 5 minutos", "à uma hora", "às 14 horas e um minuto"]),
        ("sv", ["klockan 0:05", "klockan 1:00", "klockan 14:01"]),
    ],
)
def test_times_of_day_are_said_as_people_do(code: str, times: list[str]) -> None:
    midnight = TUESDAY - 14 * 3600 - 5 * 60  # in Berlin
    for minute, said in zip((5, 60, 14 * 60 + 1), times, strict=True):
        change = Transition(midnight + 60 * minute, "pending", "firing", 360, value=12, usual=41)
        text = spoken(Subject("orders"), TYPICAL, change, BERLIN, LANGUAGES[code].phrases)
        assert f"{said}, " in text


# --- names ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("api.routes.get_user", "api routes get user"),
        ("shop-eu:queue!/2", "shop eu queue 2"),
        ("orderCount", "order Count"),
        ("HTTPError", "HTTP Error"),
        ("ValueError: '<x>' & \"can't\" is 2.5", "Value Error x can't is 2.5"),
        ("v1.2.", "v1.2"),
        ("größe", "größe"),
        ("...!", ""),
        ("", ""),
    ],
)
def test_a_name_is_said_without_its_signs(name: str, said: str) -> None:
    assert sayable(name) == said


finite = st.floats(allow_nan=False, allow_infinity=False)
transitions = st.builds(
    Transition,
    at=st.integers(0, 2**33).map(lambda minute: minute - minute % 60 + 60),
    before=st.sampled_from(["pending", "recovering"]),
    after=st.sampled_from(["firing", "ok"]),
    seconds=st.integers(0, 10**8),
    known=st.sampled_from(["value", "quiet", "away", "late"]),
    value=st.none() | finite,
    low=st.none() | finite,
    high=st.none() | finite,
    usual=st.none() | finite,
    silent=st.none() | st.floats(0, 1e8),
)
facts = {
    "name": st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_.:!-]{1,128}", fullmatch=True),
    "of_kind": st.sampled_from(["c", "ms", "g"]),
    "condition": st.sampled_from([row[1] for row in SENTENCES]),
    "change": transitions,
}


@given(code=st.sampled_from(list(LANGUAGES)), **facts)
def test_whatever_the_facts_are_a_voice_can_say_them(
    code: str, name: str, of_kind: Any, condition: Condition, change: Transition
) -> None:
    phrases = LANGUAGES[code].phrases
    text = spoken(Subject(name, of_kind), condition, change, BERLIN, phrases)
    assert text.startswith(sayable(name) or phrases.nameless)
    assert re.fullmatch(r"[^\W_]+(?:[ ,.:'\u2019-]+[^\W_]+)*", text), text
    assert not re.search(r"[0-9]e[0-9+-]|[0-9]-|-[0-9]", text.removeprefix(sayable(name)))
    assert len(text) <= 280
