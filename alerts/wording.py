"""The words of a message, the same by every channel: where it comes from, its one sentence, how to answer."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts.timezones import UTC, zone_of
from alerts import links, saying
from alerts.about import incidents_of, may_answer
from alerts.models import Incident, Notification, NotificationKind

ACKNOWLEDGE, RESOLVE = "4", "6"  # keys on a phone, and words of an SMS
ALARMS = (NotificationKind.ALERT, NotificationKind.REPEAT, NotificationKind.STORM)
_LEADS = {NotificationKind.REPEAT: "Still: ", NotificationKind.RECOVERY: "Resolved: ", NotificationKind.TEST: "Test: "}


@dataclass(frozen=True, slots=True)
class Message:
    """What one message says.

    `source` is such as `Acme #12`, the same in all messages of an incident. `sentence` has times in the reader's zone,
    `spoken` is the same for the ear, `opening` that of the incident itself, empty where it is about several. `page` is
    a link for those who log in, `answer` a secret one for the reader, empty where there is nothing that he may answer.
    `is_alarm`: something burns.
    """

    is_alarm: bool
    source: str
    lead: str
    sentence: str
    spoken: str
    opening: str
    incidents: tuple[Incident, ...]
    page: str
    answer: str

    @property
    def text(self) -> str:
        """The sentence, and before it what is to be said about it."""
        return self.lead + self.sentence

    @property
    def subject(self) -> str:
        """The same for all messages of an incident, so that mail programs show them as one conversation."""
        return one_line(f"{self.source}: {self.opening or self.text}")


def compose(notification: Notification) -> Message:
    """The words of a notification."""
    incidents = tuple(incidents_of(notification))
    own, seen, heard = _sentences(notification, incidents)
    answerable = notification.kind in ALARMS and may_answer(notification)
    return Message(
        is_alarm=notification.kind in (*ALARMS, NotificationKind.TEST),
        source=one_line(_source(notification, incidents)),
        lead=_LEADS.get(NotificationKind(notification.kind), ""),
        sentence=one_line(seen),
        spoken=one_line(heard),
        opening=own,
        incidents=incidents,
        page=links.page_of(notification.account_id, incidents),
        answer=links.answer_link(notification) if answerable else "",
    )


def _sentences(notification: Notification, incidents: tuple[Incident, ...]) -> tuple[str, str, str]:
    """That of the incident, empty where there are several, and the message's for the eye and for the ear. What a
    message says besides its incidents' sentences stays."""
    zone = (zone_of(notification.person) if notification.person is not None else None) or ZoneInfo(UTC)
    known = [(one, facts) for one in incidents if one.sentence and (facts := saying.known_facts(one)) is not None]
    seen = {one_line(one.sentence): facts.written(zone) for one, facts in known}
    heard = {one_line(one.sentence): facts.spoken(zone) for one, facts in known}
    own = one_line(incidents[0].sentence) if len(incidents) == 1 else ""
    told = one_line(notification.sentence)
    return seen.get(own, own), _replaced(told, seen), _replaced(told, heard)


def _replaced(told: str, by: dict[str, str]) -> str:
    """In one go, the longest first: a sentence may be the beginning of another one."""
    if not by:
        return told
    old = "|".join(map(re.escape, sorted(by, key=len, reverse=True)))
    return re.sub(old, lambda found: by[found[0]], told)


def one_line(text: str) -> str:
    """The text without line breaks and whatever else no header, SMS or XML may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def shortened(text: str, most: int) -> str:
    """The text, at most so many characters of it."""
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def _source(notification: Notification, incidents: tuple[Incident, ...]) -> str:
    name = notification.account.name
    return f"{name} #{incidents[0].number}" if len(incidents) == 1 else name
