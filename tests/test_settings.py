"""A wrong setting stops the start with one clear line."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dattss_site.environment import Environment
from dattss_site.secret_key import load_or_make
from tests.server import ROOT


def up(**environment: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, **environment}
    command = [sys.executable, "manage.py", "up"]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a whole number from 1 to 65535, not 'eighty'."),
        ("PORT", "0", "PORT must be a whole number from 1 to 65535, not '0'."),
        ("DATTSS_FSYNC", "sometimes", "DATTSS_FSYNC must be one of interval, always, not 'sometimes'."),
        ("DEBUG", "yes", "DEBUG must be one of 0, 1, not 'yes'."),
        ("REDIS_URL", "http://x", "REDIS_URL must be an URL that begins with redis: or rediss: or unix:."),
        (
            "DATABASE_URL",
            "mysql://x",
            "DATABASE_URL must be an URL that begins with postgres: or postgresql: or sqlite:.",
        ),
        ("PUBLIC_URL", "example.org", "PUBLIC_URL must be an URL that begins with http: or https:."),
        ("DATTSS_SHARD", "1", "DATTSS_SHARD must be a whole number from 0 to 0, not '1'."),
        ("TWILIO_ACCOUNT_SID", "12345", "TWILIO_ACCOUNT_SID must be AC and 32 digits"),
        ("TWILIO_AUTH_TOKEN", "hush", "TWILIO_AUTH_TOKEN must be 32 digits"),
        ("TWILIO_FROM", "030 901820", "TWILIO_FROM must be a phone number"),
        ("TWILIO_FROM_FILE", "/nowhere/from", "TWILIO_FROM_FILE must be the path of a readable file"),
        ("TWILIO_API_URL", "api.twilio.com", "TWILIO_API_URL must be an URL that begins with http: or https:."),
        ("DATTSS_PHONE_COUNTRIES", "Germany", "DATTSS_PHONE_COUNTRIES must be codes of countries"),
        ("DATTSS_PHONE_COUNTRIES", "DE,XX", "DATTSS_PHONE_COUNTRIES names XX,"),
        ("SECRET_KEY_FILE", "/nowhere/key", "SECRET_KEY_FILE must be the path of a readable file"),
        ("DATTSS_DATA", "/proc/nowhere", "DATTSS_DATA must be a folder that can be written"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    ended = up(**{"DATTSS_DATA": str(tmp_path / "data"), name: value})
    assert ended.returncode != 0
    assert sentence in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = up(DATTSS_DATA=str(tmp_path / "data"), PORT=port, UDP_PORT="0")
    assert ended.returncode != 0
    assert f"Port {port} on 127.0.0.1 cannot be opened: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush\n")
    environment = Environment({"SECRET_KEY_FILE": str(tmp_path / "key")})
    assert environment.secret("SECRET_KEY") == "hush"
    assert environment.problems == []


def test_a_secret_of_the_wrong_form_is_never_echoed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("almost-a-secret\n")
    environment = Environment({"T_FILE": str(tmp_path / "token"), "U": "0" * 32})
    assert environment.matching("T", "[0-9]{32}", "32 digits") == ""
    assert environment.matching("U", "[0-9]{32}", "32 digits") == "0" * 32
    assert environment.problems == ["T must be 32 digits."]


def test_the_made_secret_key_is_kept_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_key"
    first = load_or_make(path)
    assert len(first) >= 50
    assert load_or_make(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


@given(st.text())
def test_any_text_for_a_number_is_a_number_or_a_problem(text: str) -> None:
    environment = Environment({"N": text})
    number = environment.whole("N", 7, 1, 100)
    assert 1 <= number <= 100
    assert environment.problems or number == 7 or str(number) == text.strip().lstrip("0")
