"""Secrets do not leave the program, whatever stands around them; all else does."""

import json
import time
from urllib.parse import quote

import pytest
from dattss.scrub import HIDDEN, WORDS, Scrubber
from hypothesis import given
from hypothesis import strategies as st

SECRET = "Zq9vXw3kPz"
scrubber = Scrubber(["iban", "card_number"])
names = st.sampled_from(
    [*WORDS, "iban", "card_number", "SECRET_KEY", "DB_PASSWORD", "x-api-key", "apiKey", "Set-Cookie"]
)
around = st.text(st.characters(codec="utf-8", exclude_characters="\"'\\`-0123456789"), max_size=40)
secrets = st.text("abcXYZ0189+/=_.!$%-", min_size=1, max_size=40).map(lambda middle: f"{SECRET}{middle}{SECRET}")


@given(around, names, secrets, around)
def test_pairs_of_any_notation_are_hidden(before: str, name: str, secret: str, behind: str) -> None:
    for text in (
        f"{name}={secret}",
        f"{name}: {secret}",
        f"{name} = {secret!r}",
        f"--{name} {secret}",
        f"--{name}={secret}",
        f"?a=1&{name}={quote(secret)}&b=2",
        str({"a": 1, name: secret, "b": 2}),
        str({name: secret.encode()}),
        json.dumps({name: secret}),
        json.dumps(json.dumps({name: secret})),
        f"os.environ['{name}'] = '{secret}'",
    ):
        hidden = scrubber.scrub(f"{before} {text} {behind}")
        assert SECRET not in hidden, (text, hidden)
        assert HIDDEN in hidden


@given(around, st.integers(0, 10**6), st.text("0123456789abcdef", min_size=40, max_size=40), around)
def test_our_own_keys_are_hidden(before: str, account: int, digits: str, behind: str) -> None:
    assert digits not in scrubber.scrub(f"{before}{account}_{digits}{behind}")


@given(st.sampled_from(["postgres", "https", "redis", "amqp+ssl"]), secrets, around)
def test_passwords_in_addresses_are_hidden(scheme: str, secret: str, behind: str) -> None:
    secret = secret.replace("/", "")
    for user in ("", "alice"):
        hidden = scrubber.scrub(f"cannot reach {scheme}://{user}:{secret}@db.example.org:5432/shop {behind}")
        assert SECRET not in hidden
        assert f"{scheme}://{user}:***@" in hidden


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "])
def test_private_keys_are_hidden(kind: str) -> None:
    block = f"-----BEGIN {kind}PRIVATE KEY-----\nMIIEpA{SECRET}\nAb+/c0==\n-----END {kind}PRIVATE KEY-----\n"
    for text in (block, repr(block), block[:50]):
        assert SECRET not in scrubber.scrub(f"bad key {text} <")
        assert HIDDEN in scrubber.scrub(f"bad key {text} <")


def test_headers_are_hidden_to_their_end() -> None:
    assert scrubber.scrub("Cookie: a=1; b=2\nHost: x") == "Cookie: ***\nHost: x"
    assert scrubber.scrub("authorization: Digest a=1, b=2\nHost: x") == "authorization: ***\nHost: x"
    assert scrubber.scrub("sent Bearer abcdef123456") == "sent Bearer ***"


@given(st.text(max_size=300))
def test_to_scrub_twice_changes_nothing_more(text: str) -> None:
    once = scrubber.scrub(text)
    assert scrubber.scrub(once) == once


@pytest.mark.parametrize(
    "text",
    [
        '  File "/srv/app/session.py", line 10, in token\n    check(password)\n',
        "    at Session.open (/srv/app/session.js:10:5)",
        "payment 17 of order 4_2 failed: 502 Bad Gateway",
        "KeyError: 'user'",
        "http://example.org:8080/a@b",
        "12_0123456789abcdef",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrubber.scrub(text) == text


def test_scrubbing_takes_linear_time() -> None:
    begun = time.process_time()
    for part in (
        "a",
        "--a",
        " --token",
        "token ",
        "password",
        "cookie: ",
        '"',
        "\\",
        "://a:",
        "1",
        " ",
        "token='\\",
        "bearer ",
    ):
        scrubber.scrub(part * (32_000 // len(part)))
    assert time.process_time() - begun < 3.0
