"""A person's sessions: where they are, when they were used last, and their end."""

import re
import time
from collections.abc import Iterable

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from accounts import audit

SEEN = "seen"
SEEN_STEP = 300  # seconds; pages ask many times a minute

# The first that is found counts: Edge also says that it is Chrome, and Chrome that it is Safari.
_BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


class LastSeenMiddleware(MiddlewareMixin):
    """Notes when and from where a session was used, at most once in `SEEN_STEP` seconds."""

    def process_request(self, request: HttpRequest) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return
        now = time.time()
        if now - request.session.get(SEEN, 0.0) >= SEEN_STEP:
            request.session[SEEN] = now
            UserSession.objects.create_from_request(request)


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth has no types
    """Ends sessions, and writes each into the audit log."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        for session in sessions:
            session.end()
            audit.record(self.request, "session.ended", None, f"{browser_in(session.user_agent)}, {session.ip}")


def browser_in(user_agent: str) -> str:
    """What people call the browser of a `User-Agent` header: `Firefox on Linux`; the header's first word where it is
    none that we know."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.split(r"[\s/]", user_agent.strip(), maxsplit=1)[0][:40] or "Unknown"


def _first(names: dict[str, str], text: str) -> str:
    return next((name for mark, name in names.items() if mark in text), "")
