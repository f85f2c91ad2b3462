"""Times in which nobody is to be told."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Account, User
from alerts.models.rule import Rule


class Silence(models.Model):
    """Keeps the messages back of a rule, of a process and its stats, or of targets that match a pattern.

    It says nothing of whether a rule is evaluated. It holds from `starts` to `ends`; with a `recurrence`
    (`alerts.recurrence`), only in its windows in between. Exactly one of `rule`, `process` and `pattern` is set.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="silences")
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, null=True, blank=True, related_name="silences")
    process = models.CharField(max_length=128, blank=True, default="")
    pattern = models.CharField(max_length=300, blank=True, default="")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    recurrence = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="silence_ends_after_it_starts"),
            models.CheckConstraint(
                condition=(
                    Q(rule__isnull=False, process="", pattern="")
                    | (Q(rule=None, pattern="") & ~Q(process=""))
                    | (Q(rule=None, process="") & ~Q(pattern=""))
                ),
                name="silence_of_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["account", "ends"], name="silences_by_end")]

    def __str__(self) -> str:
        return f"{self.rule_id or self.process or self.pattern} of {self.account_id} until {self.ends:%Y-%m-%d %H:%M}"
