"""Rules, and how far they have been evaluated."""

from django.db import models

from accounts.models import Account, User
from alerts.models.escalation import Escalation


class TargetKind(models.TextChoices):
    STAT = "stat", "Stat"
    PATTERN = "pattern", "Pattern"
    PROCESS = "process", "Process"
    GROUP = "group", "Error group"


class Rule(models.Model):
    """What must not happen to a target, and who is told when it does.

    `target` is, by its kind: `PROCESS/TYPE/STAT`; a pattern such as `api.*.errors` (`alerts.targets`); a process, `*`
    in it standing for anything; `error/KEY` or `warning/KEY`, with `*` for all groups. `condition` is the JSON of one
    of `alerts.conditions`. Without an escalation an incident is shown, and nobody is told.

    A `canary` is DaTtSs' own, on account 0 (`alerts.canary`): no page shows it.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=80)
    target_kind = models.CharField(max_length=7, choices=TargetKind.choices)
    target = models.CharField(max_length=300)
    condition = models.JSONField()
    enabled = models.BooleanField(default=True)
    canary = models.BooleanField(default=False)
    # One that rules still use cannot be deleted: they would tell nobody.
    escalation = models.ForeignKey(Escalation, on_delete=models.RESTRICT, null=True, blank=True, related_name="rules")
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.name} of {self.account_id}"


class Progress(models.Model):
    """How far an account's rules are evaluated, one row an account.

    `minute` is the last evaluated one (Unix time / 60), `look` the last look at processes that has changed something
    (Unix time / 10). `data` is the MessagePack of the states that are not plain ok (`alerts.progress`). Who writes the
    row has read `version`, and counts it up: of two who evaluate the same, one does.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="alert_progress")
    minute = models.PositiveBigIntegerField(default=0)
    look = models.PositiveBigIntegerField(default=0)
    data = models.BinaryField(default=b"")
    version = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account_id} at minute {self.minute}"
