"""Where people of an account want to be told: addresses and numbers, used only once they are confirmed."""

from django.db import models
from django.utils import timezone

from accounts import phones
from accounts.models.account import Account
from accounts.models.user import User


class Medium(models.TextChoices):
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"


class Contact(models.Model):
    """An e-mail address or a phone number (E.164) of a person in an account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contacts")
    medium = models.CharField(max_length=5, choices=Medium.choices)
    address = models.CharField(max_length=254)
    created = models.DateTimeField(auto_now_add=True)
    confirmed = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "user", "medium", "address"], name="unique_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.medium} {self.address} of {self.account_id}"

    @property
    def shown(self) -> str:
        """The address as people read it."""
        return phones.shown(self.address) if self.medium == Medium.PHONE else self.address


class Way(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    CALL = "call", "Call"


class Confirmation(models.Model):
    """A code that was sent to a contact; its keyed hash is kept. It ends at `expires` or after too many `tries`.

    It is kept for at least a day, also when its contact is removed, since limits count by address, account and user:
    none of them begins anew by removing a contact and adding it again.
    """

    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="confirmations")
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    address = models.CharField(max_length=254)
    way = models.CharField(max_length=5, choices=Way.choices)
    hash = models.CharField(max_length=64)
    created = models.DateTimeField(default=timezone.now, db_index=True)
    expires = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["address", "created"], name="codes_to_address")]

    def __str__(self) -> str:
        return f"{self.way} to contact {self.contact_id}"
