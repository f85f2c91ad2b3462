"""A person's sessions: where they are, when they were used last, and their end."""

import re
import time
from collections.abc import Iterable
from importlib import import_module

from allauth.account.adapter import get_adapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from accounts import access_news, audit
from accounts.access import person_of
from accounts.models import User

SEEN_STEP = 300  # seconds; pages ask many times a minute
MOST_SEEN = 10_000
_seen: dict[str, float] = {}  # session key to Unix seconds

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
    """Notes when and from where a session was used, at most once in `SEEN_STEP` seconds in each process."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.session.session_key
        now = time.time()
        if key is None or now - _seen.get(key, 0.0) < SEEN_STEP or not isinstance(request.user, User):
            return
        if len(_seen) >= MOST_SEEN:
            _seen.clear()
        _seen[key] = now
        _note(key, request.user, request)


def _note(key: str, user: User, request: HttpRequest) -> None:
    longest = UserSession._meta.get_field("user_agent").max_length
    seen = {
        "last_seen_at": timezone.now(),
        "ip": get_adapter().get_client_ip(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:longest],
    }
    if not UserSession.objects.filter(session_key=key).update(**seen):
        UserSession.objects.bulk_create([UserSession(session_key=key, user=user, **seen)], ignore_conflicts=True)


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth has no types
    """Ends sessions, and writes each into the audit log."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        for session in sessions:
            session.end()
            audit.record(self.request, "session.ended", None, f"{browser_in(session.user_agent)}, {session.ip}")
        access_news.tell_of(person_of(self.request))


def forget_ended() -> int:
    """Removes the sessions that are over by now, and what was noted of them; returns how many there were noted."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    alive = Session.objects.values("session_key")
    return int(UserSession.objects.exclude(session_key__in=alive).delete()[0])


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
