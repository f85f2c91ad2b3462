"""Incidents and their timelines."""

import secrets

from django.db import models
from django.db.models import Q, QuerySet

from accounts.models import Account, User
from alerts.models.rule import Rule


class IncidentState(models.TextChoices):
    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class How(models.TextChoices):
    """By what something was said of an incident."""

    PAGE = "page", "Page"
    API = "api", "API"
    LINK = "link", "Link in a message"
    SMS = "sms", "SMS"
    KEY = "key", "Key on the phone"
    VALUES = "values", "Its values"  # they recovered
    RULE = "rule", "Its rule"  # which was changed, turned off or deleted


def new_salt() -> str:
    """What makes the secrets of one incident differ from those of all others."""
    return secrets.token_hex(16)


class Incident(models.Model):
    """A rule fires for a target, from `opened` to `resolved_at`.

    `target` is as in a rule, but names one stat, process or group. `sentence` says what was wrong when it opened,
    `facts` have the same for other time zones and for the ear (`alerts.saying`). An acknowledgement ends at
    `acknowledged_until`, where it has an end. While `silenced`, a silence keeps its messages back. Its escalation has
    begun anew `round` times, since a silence or an acknowledgement ended, and in this round was repeated `turn` times,
    next at `repeat_at`. `salt` goes into the secrets of its links.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="incidents")
    number = models.PositiveIntegerField()
    rule = models.ForeignKey(Rule, on_delete=models.SET_NULL, null=True, related_name="incidents")
    rule_name = models.CharField(max_length=80)
    target = models.CharField(max_length=300)
    state = models.CharField(max_length=12, choices=IncidentState.choices, default=IncidentState.FIRING)
    opened = models.DateTimeField()
    sentence = models.TextField()
    facts = models.JSONField(default=dict)
    silenced = models.BooleanField(default=False)
    round = models.PositiveIntegerField(default=0)
    turn = models.PositiveSmallIntegerField(default=0)
    repeat_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    acknowledged_until = models.DateTimeField(null=True, blank=True)
    acknowledged_how = models.CharField(max_length=6, choices=How.choices, blank=True, default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    resolved_how = models.CharField(max_length=6, choices=How.choices, blank=True, default="")
    salt = models.CharField(max_length=32, default=new_salt)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "number"], name="unique_incident_number"),
            models.UniqueConstraint(
                fields=["rule", "target"], condition=~Q(state="resolved"), name="one_open_incident_of_target"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "state"], name="incidents_by_state"),
            models.Index(fields=["account", "-opened"], name="incidents_by_time"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} of {self.account_id}: {self.sentence}"

    @classmethod
    def locked(cls) -> QuerySet["Incident"]:
        """For changes, in a transaction that has them to itself until it ends.

        Always in the same order, so that of two who change several none waits for the other; who only refers to one
        (a line of its timeline, a message) does not wait at all.
        """
        return cls.objects.select_for_update(no_key=True).order_by("pk")

    @property
    def is_open(self) -> bool:
        return self.state != IncidentState.RESOLVED


class IncidentEvent(models.Model):
    """A line of an incident's timeline: what happened, told by a sentence, and by whom, where it was somebody.

    `kind` is a word of `alerts.timeline`.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    text = models.TextField()
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["incident", "at"], name="events_of_incident")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
