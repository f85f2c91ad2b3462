"""What messages that cost something may be sent in a month, and how many were."""

from django.db import models
from django.db.models import Q

from accounts.models import Account, User
from alerts.models.escalation import Channel


class Cap(models.Model):
    """How many SMS and calls a person, or without one the whole account, may get in a calendar month (UTC)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_caps")
    person = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    sms = models.PositiveIntegerField()
    calls = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "person"], name="unique_cap_of_person"),
            models.UniqueConstraint(fields=["account"], condition=Q(person=None), name="unique_cap_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.sms} SMS, {self.calls} calls"


class Spending(models.Model):
    """How many messages went to a person by a channel in the month that begins on `month` (UTC)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_spending")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    channel = models.CharField(max_length=7, choices=Channel.choices)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "person", "month", "channel"], name="unique_spending")
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.channel} in {self.month:%Y-%m}"
