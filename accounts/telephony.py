"""SMS and calls, by Twilio: the only place that talks to it.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/call-resource. Twilio
advises against logic that goes by its error codes, which change: the HTTP status decides what kind of error it is, a
code only finds a better sentence. Neither texts nor numbers are logged.
"""

import logging
from collections.abc import Callable

from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from accounts.delivery import DeliveryError, NotNow, Refused

log = logging.getLogger("dattss.telephony")

TIMEOUT = 10.0  # seconds; somebody looks at a page meanwhile
SETTINGS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")

_SENTENCES = {
    21211: "Twilio says that this is not a valid phone number.",
    21214: "Twilio cannot reach this number.",
    21217: "Twilio says that this is not a valid phone number.",
    21215: "This server's Twilio account may not call this country; its geographic permissions say so.",
    21408: "This server's Twilio account may not send SMS to this country; its geographic permissions say so.",
    21610: "This number has answered STOP to our messages. Send START to the number they came from, then try again.",
    21612: "Twilio cannot send SMS to this number. Try a call.",
    21614: "This number takes no SMS. Try a call.",
}
# Else the library takes TWILIO_EDGE and TWILIO_REGION from ours, and goes to another host than TWILIO_API_URL.
_NO_ENVIRONMENT = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
_MISCONFIGURED = "Twilio does not accept this server's settings. Tell who runs this server."
_AGAIN = "The telephone service does not answer right now. Try again in a minute."


def missing_settings() -> list[str]:
    """The names of the settings without which nothing can be sent; empty where all are there."""
    return [name for name in SETTINGS if not getattr(settings, name)]


def send_sms(number: str, text: str) -> str:
    """Hands a text over for the E.164 `number`; returns Twilio's id of the message. Raises Refused or NotNow."""
    return _asked(lambda client: client.messages.create(to=number, from_=settings.TWILIO_FROM, body=text).sid)


def call(number: str, spoken: VoiceResponse) -> str:
    """Calls the E.164 `number`, where `spoken` is heard; returns Twilio's id of the call. Raises Refused or NotNow."""
    twiml = str(spoken)
    return _asked(lambda client: client.calls.create(to=number, from_=settings.TWILIO_FROM, twiml=twiml).sid)


def _asked(question: Callable[[Client], str | None]) -> str:
    if missing_settings():
        raise Refused(_MISCONFIGURED)
    try:
        return question(_client()) or ""
    except (TwilioRestException, TwilioServiceException) as error:
        raise _error_of(error.status, error.code) from None
    except (OSError, ValueError, TwilioException) as error:  # requests' errors are OSErrors; ValueError: no JSON
        log.warning("Twilio did not answer: %s.", type(error).__name__)
        raise NotNow(_AGAIN, answered=False) from None


def _client() -> Client:
    client = Client(
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_AUTH_TOKEN,
        http_client=TwilioHttpClient(timeout=TIMEOUT),
        environment=_NO_ENVIRONMENT,
    )
    client.api.base_url = settings.TWILIO_API_URL
    return client


def _error_of(status: int, code: int | None) -> DeliveryError:
    log.warning("Twilio answered with HTTP status %s and error %s.", status, code)
    if status == 429 or status >= 500:
        return NotNow(_AGAIN, answered=True)
    if code in _SENTENCES:
        return Refused(_SENTENCES[code])
    return Refused(_MISCONFIGURED if status in (401, 403, 404) else f"Twilio refused this number (error {code}).")
