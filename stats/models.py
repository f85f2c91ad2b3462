"""What people have said of groups of errors; all else that stats keep is in files."""

from django.db import models

from accounts.models import Account, User


class GroupDecision(models.Model):
    """The last thing that somebody said of a group of errors or warnings (`stats.aggregation.group_state`)."""

    class Said(models.TextChoices):
        SEEN = "seen", "Seen"
        RESOLVED = "resolved", "Resolved"
        MUTED = "muted", "Muted"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="group_decisions")
    level = models.CharField(max_length=7)
    key = models.CharField(max_length=16)
    said = models.CharField(max_length=8, choices=Said.choices)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "level", "key"], name="unique_group_decision")]

    def __str__(self) -> str:
        return f"{self.level} {self.key} of {self.account_id} is {self.said}"
