"""A server that speaks the part of Twilio's HTTP API that we use, as its documentation has it.

`POST /2010-04-01/Accounts/SID/Messages.json` and `…/Calls.json`, with basic authentication and fields of a form; 201
with the resource, or an error as JSON. What was asked is kept in `requests`. Trouble is made by number: `refuse`
answers all that goes to one with an error, until `accept`; `hold` lets it wait.

What becomes of a message or a call is told by signed requests to the addresses that it came with
(https://www.twilio.com/docs/usage/security#validating-requests): `news`, `key` and `sms` make them, for the test to
send.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

SID = "AC" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
FROM = "+15017122661"
_RESOURCE = re.compile(r"/2010-04-01/Accounts/([A-Za-z0-9]+)/(Messages|Calls)\.json")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class Asked:
    """One thing that was asked for: `resource` is Messages or Calls."""

    resource: str
    form: dict[str, str]
    number: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def to(self) -> str:
        return self.form.get("To", "")

    @property
    def sid(self) -> str:
        """Twilio's id of it."""
        kind = {"Messages": "SM", "Calls": "CA"}[self.resource]
        return kind + self.number

    @property
    def keys_url(self) -> str:
        """Where a call tells which key was pressed; empty where it asks for none."""
        gather = ElementTree.fromstring(self.form["Twiml"]).find("Gather")
        return "" if gather is None else gather.attrib["action"]

    @property
    def text(self) -> str:
        """What is read or heard at the other end."""
        if self.resource == "Messages":
            return self.form["Body"]
        return " ".join(say.text or "" for say in ElementTree.fromstring(self.form["Twiml"]).iter("Say"))

    @property
    def code(self) -> str:
        """The digits in it, the first time they are said."""
        found = re.search(r"[0-9](?:(?:, )?[0-9]){5}", self.text)
        assert found, self.text
        return re.sub(r"\D", "", found[0])


@dataclass(frozen=True)
class Told:
    """A request that Twilio makes: a POST of a form, with the signature as a header."""

    url: str
    form: dict[str, str]
    signature: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Twilio-Signature": self.signature}


def signed(url: str, form: dict[str, str], token: str = TOKEN) -> Told:
    """The request, signed: HMAC-SHA1 of the URL and of all fields, by name, each with its value."""
    text = url + "".join(name + form[name] for name in sorted(form))
    mac = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return Told(url, form, base64.b64encode(mac).decode())


@dataclass
class Twilio:
    """The server's other side, for the test."""

    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    refusals: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """Of a server that shall use this one."""
        return {
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": FROM,
            "TWILIO_API_URL": self.url,
        }

    def refuse(self, number: str, status: int, code: int | None = None) -> None:
        """From now on this number is answered with that HTTP status and Twilio's error code; no code: not even JSON."""
        self.refusals[number] = (status, code)

    def accept(self, number: str) -> None:
        """Answers it as usual again."""
        self.refusals.pop(number, None)

    def news(self, asked: Asked, **fields: str) -> Told:
        """What becomes of it, such as `MessageStatus="delivered"` or `CallStatus="busy"`. `AnsweredBy` alone goes to
        where a call wants to hear of it."""
        address = "StatusCallback" if fields.keys() & {"MessageStatus", "CallStatus"} else "AsyncAmdStatusCallback"
        sid = {"Messages": "MessageSid", "Calls": "CallSid"}[asked.resource]
        parties = {"AccountSid": SID, "ApiVersion": "2010-04-01", "From": FROM, "To": asked.to}
        return signed(asked.form[address], {sid: asked.sid, **parties, **fields})

    def key(self, asked: Asked, digits: str) -> Told:
        """Somebody has pressed keys in a call."""
        parties = {"AccountSid": SID, "CallSid": asked.sid, "From": FROM, "To": asked.to, "CallStatus": "in-progress"}
        return signed(asked.keys_url, {**parties, "Digits": digits, "msg": "Gather End"})

    def sms(self, url: str, number: str, text: str) -> Told:
        """Somebody has sent an SMS to our number."""
        sid = "SM" + secrets.token_hex(16)
        return signed(url, {"MessageSid": sid, "AccountSid": SID, "From": number, "To": FROM, "Body": text})

    def hold(self, number: str) -> threading.Event:
        """From now on answers for this number wait until the event is set."""
        return self.held.setdefault(number, threading.Event())

    def answer(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any] | str]:
        known = _RESOURCE.fullmatch(path)
        if authorization != "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode():
            return _error(401, 20003)
        if known is None or known[1] != SID:
            return _error(404, 20404)
        asked = Asked(known[2], form)
        self.requests.append(asked)
        if asked.to in self.held:
            self.held[asked.to].wait(60)
        if asked.to in self.refusals:
            status, code = self.refusals[asked.to]
            return _error(status, code) if code else (status, "<html>Bad gateway</html>")
        return _wrong(asked) or (201, _resource(asked))


def _wrong(asked: Asked) -> tuple[int, dict[str, Any] | str] | None:
    """What Twilio says of fields that are missing or no good."""
    # The documentation has no code for TwiML that is too long.
    what = {"Messages": (21604, "Body", 21602, 1600, 21617), "Calls": (21201, "Twiml", 21205, 4000, 20001)}
    no_number, content, no_content, longest, too_long = what[asked.resource]
    if not asked.to:
        return _error(400, no_number)
    if not _E164.fullmatch(asked.to):
        return _error(400, 21211)
    if asked.form.get("From") != FROM:
        return _error(400, 21606 if asked.resource == "Messages" else 21210)
    if not asked.form.get(content):
        return _error(400, no_content)
    if len(asked.form[content]) > longest:
        return _error(400, too_long)
    return None


def _error(status: int, code: int | None) -> tuple[int, dict[str, Any] | str]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": "The reason, in words.", "more_info": more, "status": status}


def _resource(asked: Asked) -> dict[str, Any]:
    return {
        "sid": asked.sid,
        "account_sid": SID,
        "to": asked.to,
        "from": asked.form["From"],
        "body": asked.form.get("Body"),
        "status": "queued",
        "date_created": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()),
        "error_code": None,
        "error_message": None,
    }


@contextmanager
def running_twilio() -> Iterator[Twilio]:
    """The server, for as long as the block lasts."""
    twilio = Twilio()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # who asks has died meanwhile
                return
            form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
            status, content = twilio.answer(self.path, self.headers.get("Authorization", ""), form)
            answer = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if isinstance(content, dict) else "text/html")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class calls it that)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        twilio.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield twilio
        finally:
            for event in twilio.held.values():
                event.set()
            server.shutdown()
            thread.join()
