"""The seam to Twilio, through its own library, against a server that answers as Twilio does."""

import logging
from collections.abc import Callable

import pytest
from pytest_django import Settings
from twilio.twiml.voice_response import VoiceResponse

from accounts import telephony
from accounts.delivery import NotNow, Refused
from tests.twilio_server import FROM, TOKEN, Twilio

MOBILE = "+4915123456789"
SECRET = "the secret text 907314"


def spoken() -> VoiceResponse:
    response = VoiceResponse()
    response.say(SECRET, language="en-GB")
    return response


SENDERS: dict[str, Callable[[], str]] = {
    "SM": lambda: telephony.send_sms(MOBILE, SECRET),
    "CA": lambda: telephony.call(MOBILE, spoken()),
}


@pytest.fixture(params=SENDERS)
def send(request: pytest.FixtureRequest) -> Callable[[], str]:
    return SENDERS[request.param]


def test_an_sms_and_a_call_are_what_twilio_is_asked_for(twilio: Twilio) -> None:
    assert SENDERS["SM"]().startswith("SM")
    assert SENDERS["CA"]().startswith("CA")
    message, call = twilio.requests
    assert (message.resource, message.form) == ("Messages", {"To": MOBILE, "From": FROM, "Body": SECRET})
    assert (call.resource, call.to, call.form["From"]) == ("Calls", MOBILE, FROM)
    assert f'<Say language="en-GB">{SECRET}</Say>' in call.form["Twiml"]


def test_the_address_of_the_settings_is_asked_whatever_the_environment_says(
    twilio: Twilio, send: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    send()
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (400, 21211, "not a valid phone number"),
        (400, 21610, "answered STOP"),
        (400, 21614, "takes no SMS"),
        (400, 21408, "geographic permissions"),
        (400, 29999, "error 29999"),
        (401, 20003, "does not accept this server's settings"),
        (403, None, "does not accept this server's settings"),
    ],
)
def test_what_will_never_do_is_refused_in_a_sentence(
    twilio: Twilio, send: Callable[[], str], status: int, code: int | None, sentence: str
) -> None:
    twilio.refuse(MOBILE, status, code)
    with pytest.raises(Refused, match=sentence):
        send()


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (502, None), (503, 20503)])
def test_what_may_do_later_is_said_to_be_so(
    twilio: Twilio, send: Callable[[], str], status: int, code: int | None
) -> None:
    twilio.refuse(MOBILE, status, code)
    with pytest.raises(NotNow, match="Try again in a minute") as caught:
        send()
    assert caught.value.answered


def test_an_answer_that_does_not_come_is_not_waited_for(
    twilio: Twilio, send: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT", 0.2)
    twilio.hold(MOBILE)
    with pytest.raises(NotNow) as caught:
        send()
    assert not caught.value.answered  # it may have been sent


def test_a_server_that_is_away_or_talks_nonsense(twilio: Twilio, settings: Settings, send: Callable[[], str]) -> None:
    twilio.refuse(MOBILE, 200)
    with pytest.raises(NotNow):
        send()
    settings.TWILIO_API_URL = "http://127.0.0.1:1"
    with pytest.raises(NotNow):
        send()


def test_a_wrong_token_is_the_servers_fault(twilio: Twilio, settings: Settings, send: Callable[[], str]) -> None:
    settings.TWILIO_AUTH_TOKEN = "0" * 32
    with pytest.raises(Refused, match="Tell who runs this server"):
        send()
    assert twilio.requests == []


def test_without_settings_nobody_is_asked(twilio: Twilio, settings: Settings, send: Callable[[], str]) -> None:
    settings.TWILIO_FROM = ""
    assert telephony.missing_settings() == ["TWILIO_FROM"]
    with pytest.raises(Refused):
        send()
    assert twilio.requests == []


def test_logs_hold_neither_text_nor_number_nor_token(
    twilio: Twilio, send: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        send()
        twilio.refuse(MOBILE, 400, 21211)
        with pytest.raises(Refused):
            send()
    assert "21211" in caplog.text
    for secret in ("907314", MOBILE[1:], TOKEN):
        assert secret not in caplog.text
