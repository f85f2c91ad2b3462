"""The words of a message, the same by every channel: where it comes from, its one sentence, how to answer."""

import re
from dataclasses import dataclass

from accounts.timezones import zone_or_utc
from alerts import links, saying
from alerts.about import incidents_of, may_answer
from alerts.models import Incident, Notification, NotificationKind

ACKNOWLEDGE, RESOLVE = "4", "6"  # keys on a phone, and words of an SMS
ALARMS = (NotificationKind.ALERT, NotificationKind.REPEAT, NotificationKind.STORM)
_LEADS = {NotificationKind.RECOVERY: "Resolved: ", NotificationKind.TEST: "Test: "}


@dataclass(frozen=True, slots=True)
class Message:
    """What one message says.

    `source` is such as `Acme #12`, the same in all messages of an incident. `sentence` has times in the reader's zone,
    `own` are those of its `incidents`. `page` is a link for those who log in, `answer` a secret one for the reader,
    empty where there is nothing that he may answer. `is_alarm`: something burns.
    """

    is_alarm: bool
    source: str
    lead: str
    sentence: str
    own: tuple[str, ...]
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
        return one_line(f"{self.source}: {self.own[0] if len(self.own) == 1 else self.text}")

    @property
    def told_of(self) -> list[tuple[Incident, str]]:
        """The incidents, each with its sentence."""
        return list(zip(self.incidents, self.own, strict=True))


def compose(notification: Notification) -> Message:
    """The words of a notification."""
    incidents = tuple(incidents_of(notification))
    own = tuple(_own(notification, incident) for incident in incidents)
    answerable = notification.kind in ALARMS and may_answer(notification)
    return Message(
        is_alarm=notification.kind in (*ALARMS, NotificationKind.TEST),
        source=one_line(_source(notification, incidents)),
        lead=_lead(notification),
        sentence=one_line(_in_zone(notification.sentence, incidents, own)),
        own=own,
        incidents=incidents,
        page=links.page_of(notification.account_id, incidents),
        answer=links.answer_link(notification) if answerable else "",
    )


def goes_on(notification: Notification) -> bool:
    """Whether an alarm tells of what has burned for a while: a repeat, or what a silence or an acknowledgement has
    left burning."""
    anew = notification.kind == NotificationKind.ALERT and notification.round > 0
    return notification.kind == NotificationKind.REPEAT or anew


def _lead(notification: Notification) -> str:
    return "Still: " if goes_on(notification) else _LEADS.get(NotificationKind(notification.kind), "")


def _own(notification: Notification, incident: Incident) -> str:
    """The incident's sentence, in the zone of its reader. An endpoint has none: there it stays in that of the rule."""
    person = notification.person
    return incident.sentence if person is None else saying.sentence_for(incident, zone_or_utc(person))


def _in_zone(told: str, incidents: tuple[Incident, ...], own: tuple[str, ...]) -> str:
    """What a message says, the incidents' sentences in it as its reader has them. What it says besides stays."""
    by = {incident.sentence: sentence for incident, sentence in zip(incidents, own, strict=True) if incident.sentence}
    if not by:
        return told
    # In one go, the longest first: a sentence may be the beginning of another one.
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
