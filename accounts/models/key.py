"""API keys of accounts."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.user import User


class Scope(models.TextChoices):
    INGEST = "ingest", "Send"
    READ = "read", "Read"


class ApiKey(models.Model):
    """A key of an account. Only its SHA-256 is kept, with the beginning of the key so that people can tell keys apart.

    A key is `<account id>_<40 hex digits>`: 160 random bits need no salt and no slow hash.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="keys")
    label = models.CharField(max_length=80)
    scope = models.CharField(max_length=6, choices=Scope.choices)
    hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=32)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_used = models.DateTimeField(null=True, blank=True)
    last_ip = models.GenericIPAddressField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    # Of a key that was replaced: until then both work.
    expires = models.DateTimeField(null=True, blank=True)
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replacement"
    )

    def __str__(self) -> str:
        return f"{self.prefix} ({self.scope})"

    @property
    def is_live(self) -> bool:
        """Whether it still works."""
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())

    @property
    def ended(self) -> datetime | None:
        """When it stopped to work, for one that did: revoked, or replaced and its time is over."""
        return None if self.is_live else min(filter(None, (self.revoked, self.expires)))
