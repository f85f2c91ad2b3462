"""Who gets a report."""

from django.db import models

from accounts.models import Membership


class Subscription(models.Model):
    """How often a person is sent the report of an account; it ends with his place in the account.

    `told` is the last day of the newest period that is done with: its report was claimed by a worker, or nothing was to
    be told, or the person asked for reports only later.
    """

    class Every(models.TextChoices):
        NEVER = "", "Never"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every Monday"

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="report")
    every = models.CharField(max_length=6, choices=Every.choices, blank=True, default=Every.NEVER)
    told = models.DateField()

    def __str__(self) -> str:
        return f"{self.membership} is told {self.every or 'never'}"
