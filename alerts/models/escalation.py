"""Who is told, by what, and after how long."""

from urllib.parse import urlsplit

from django.db import models

from accounts.models import Account, Contact, User


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    PHONE = "phone", "Phone call"
    WEBHOOK = "webhook", "Webhook"
    SLACK = "slack", "Slack"
    FILE = "file", "File"  # the canary's


class EndpointKind(models.TextChoices):
    WEBHOOK = "webhook", "Webhook"
    SLACK = "slack", "Slack"
    FILE = "file", "File"  # of a server, for its canary; `url` is its name


class Endpoint(models.Model):
    """A URL that is told of incidents. `secret` signs what a webhook gets; a Slack URL is a secret itself."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_endpoints")
    kind = models.CharField(max_length=7, choices=EndpointKind.choices)
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=64, blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.kind} {self.name} of {self.account_id}"

    @property
    def host(self) -> str:
        """Of its URL, which may hold a secret."""
        return urlsplit(self.url).hostname or ""


class Escalation(models.Model):
    """Steps that are taken one after the other until somebody acknowledges.

    All of them are taken again after each `repeat_minutes`, `most_repeats` times; 0 minutes: never.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="alert_escalations")
    name = models.CharField(max_length=80)
    repeat_minutes = models.PositiveSmallIntegerField(default=0)
    most_repeats = models.PositiveSmallIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="unique_escalation_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.account_id}"


class EscalationStep(models.Model):
    """Who is told by what, `after_seconds` after an incident opened.

    It has a contact or an endpoint, by its channel. A step whose contact was removed stays: it is passed over, and the
    incident says why.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    after_seconds = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["escalation", "position"], name="unique_step_position")]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.channel} after {self.after_seconds} s"
