"""The audit log: who did what, when and from where."""

from django.db import models

from accounts.models.account import Account
from accounts.models.user import User


class AuditEntry(models.Model):
    """One thing that somebody did, in an account or, without one, to his own log-in.

    `actor` is the e-mail address at the time, so that an entry still says who it was when that user is gone. `action`
    is a word such as `key.revoked`; `target` names what it was done to; `details` are plain values.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="audit_entries")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="audit_entries")
    actor = models.CharField(max_length=254)
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=254, blank=True, default="")
    details = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-at"], name="audit_of_account"),
            models.Index(fields=["user", "-at"], name="audit_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
