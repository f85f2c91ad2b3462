"""SMS and calls, by Twilio: the only place that talks to it.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/call-resource. Twilio
advises against logic that goes by its error codes, which change: the HTTP status decides what kind of error it is, a
code only finds a better sentence. Neither texts nor numbers are logged.

What becomes of a message or a call Twilio tells by requests to us, which it signs with the token:
https://www.twilio.com/docs/usage/security#validating-requests. `is_from_twilio` is who lets them in.
"""

import logging
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from accounts.delivery import DeliveryError, NotNow, Refused, never_left
from accounts.mail import public_link

log = logging.getLogger("dattss.telephony")

# Names that nobody outside of a network finds: RFC 6761, 6762, 8375, and what ICANN keeps free.
_INSIDE = (".localhost", ".local", ".internal", ".home.arpa", ".lan")
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


def hears_from_twilio() -> bool:
    """Whether what people answer can come in: Twilio finds PUBLIC_URL, which is no address inside of a network."""
    return not missing_settings() and not _is_inside(urlsplit(settings.PUBLIC_URL).hostname or "")


def send_sms(number: str, text: str, news_url: str = "") -> str:
    """Hands a text over for the E.164 `number`; returns Twilio's id of the message. Raises Refused or NotNow.

    What becomes of it is told to `news_url`, where one is given.
    """
    news = {"status_callback": news_url} if news_url else {}
    return _asked(lambda client: client.messages.create(to=number, from_=settings.TWILIO_FROM, body=text, **news).sid)


def call(number: str, spoken: VoiceResponse, news_url: str = "") -> str:
    """Calls the E.164 `number`, where `spoken` is heard; returns Twilio's id of the call. Raises Refused or NotNow.

    Whether a person or a machine answered, and how the call ended, is told to `news_url`, where one is given.
    """
    twiml, news = str(spoken), _news_of_a_call(news_url) if news_url else {}
    return _asked(lambda client: client.calls.create(to=number, from_=settings.TWILIO_FROM, twiml=twiml, **news).sid)


def is_from_twilio(request: HttpRequest) -> bool:
    """Whether a POST bears the signature that only Twilio and this server can make, for the address people use."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if missing_settings() or not signature:
        return False
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    return bool(validator.validate(public_link(request.get_full_path()), request.POST, signature))


def _is_inside(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:  # it is a name
        return "." not in host or host.endswith(_INSIDE)


def _news_of_a_call(url: str) -> dict[str, str]:
    """Who answered is found out while the call is heard already: else a person would hear silence at first."""
    return {
        "status_callback": url,
        "machine_detection": "Enable",
        "async_amd": "true",
        "async_amd_status_callback": url,
    }


def _asked(question: Callable[[Client], str | None]) -> str:
    if missing_settings():
        raise Refused(_MISCONFIGURED)
    try:
        return question(_client()) or ""
    except (TwilioRestException, TwilioServiceException) as error:
        raise _error_of(error.status, error.code) from None
    except (OSError, ValueError, TwilioException) as error:  # requests' errors are OSErrors; ValueError: no JSON
        log.warning("Twilio did not answer: %s.", type(error).__name__)
        raise NotNow(_AGAIN, answered=never_left(error)) from None


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
