"""The outbox: every message that somebody is to get, and what became of it."""

from django.db import models
from django.db.models import QuerySet

from accounts.models import Account, Contact, User
from alerts.models.escalation import Channel, Endpoint
from alerts.models.incident import Incident


class NotificationKind(models.TextChoices):
    ALERT = "alert", "Alert"
    REPEAT = "repeat", "Repeat"
    RECOVERY = "recovery", "Recovery"
    STORM = "storm", "Storm"
    TEST = "test", "Test"
    CANARY = "canary", "Canary"


class NotificationState(models.TextChoices):
    """From `pending` on the way to one of the last five, through `claimed` and perhaps `sent`."""

    PENDING = "pending", "Pending"
    CLAIMED = "claimed", "Being sent"
    SENT = "sent", "Sent"  # the provider has it
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"  # no answer came: it may have been delivered
    CANCELLED = "cancelled", "Cancelled"  # nobody needs it any more
    SKIPPED = "skipped", "Skipped"  # it could not be, or may not be sent; `why` says so


class Notification(models.Model):
    """A message of an incident to one person or endpoint by one channel; a test has no incident.

    It is due at `due` and has `sentence` to say. `address` is a copy: where it went, also when the contact is gone.
    `step` is the step's position, `round` the escalation's run (`Incident.round`), `turn` 0 or the number of the
    repeat in it. `key` says what it is, so that the same message is made once only, however often it is tried. A
    sender has claimed it until `lease_until`, for the `attempts`th time, and noted at `logged` that it is about to go
    out; of `doubtful` times nobody knows whether it did. `why` is for people: why it failed, was skipped or cancelled.
    One that became part of a storm's message is skipped and `folded_into` that.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="notifications")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, null=True, related_name="notifications")
    kind = models.CharField(max_length=8, choices=NotificationKind.choices)
    step = models.PositiveSmallIntegerField(null=True)
    round = models.PositiveIntegerField(default=0)
    turn = models.PositiveSmallIntegerField(default=0)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.SET_NULL, null=True, related_name="+")
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    address = models.CharField(max_length=500, blank=True, default="")
    sentence = models.TextField()
    key = models.CharField(max_length=120, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField()
    state = models.CharField(max_length=9, choices=NotificationState.choices, default=NotificationState.PENDING)
    why = models.TextField(blank=True, default="")
    folded_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="folded")
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    doubtful = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=100, blank=True, default="")
    logged = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "due"], name="notifications_due"),
            models.Index(fields=["incident", "state"], name="notifications_of_incident"),
            models.Index(fields=["provider_id"], name="notifications_of_provider"),
            models.Index(fields=["account", "-created"], name="notifications_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel} to {self.address}: {self.state}"

    @classmethod
    def locked(cls) -> QuerySet["Notification"]:
        """For changes of several, in a transaction that has them to itself until it ends: always in the same order, so
        that of two who change some none waits for the other."""
        return cls.objects.select_for_update(no_key=True).order_by("pk")
