"""Who there is: users, accounts (the tenants), who belongs to which account, and the API keys of accounts."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

SYSTEM_ACCOUNT_ID = 0
RETENTION_DAYS = 396  # 13 months: a month can be compared with the same one a year ago
SHORTEST_RETENTION_DAYS = 9  # today and the week before it are drawn, in any time zone
LONGEST_RETENTION_DAYS = 32_767  # what the column holds


class UserManager(BaseUserManager["User"]):
    """Finds and makes users by e-mail address; addresses are kept in lower case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user. Without a password nobody can log in as that user until one is set by a reset."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail address."""

    email = models.EmailField(unique=True, error_messages={"unique": "There is a user with this e-mail address."})
    timezone = models.CharField(max_length=64, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="unique_user_email_any_case")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()


class Account(models.Model):
    """A tenant: what is tracked belongs to an account, never to a user. Account 0 is DaTtSs itself.

    `shard` says whose server owns its values. While `moving_to` is set it is on its way there and takes no commits;
    `moves` counts the changes of both (`accounts.routing`).
    """

    name = models.CharField(max_length=80)
    created = models.DateTimeField(auto_now_add=True)
    shard = models.PositiveIntegerField(default=0)
    moving_to = models.PositiveIntegerField(null=True, blank=True, default=None)
    moves = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveSmallIntegerField(default=RETENTION_DAYS)
    members = models.ManyToManyField(User, through="Membership", related_name="accounts")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    """A user's place in an account: an owner or a member changes things, a viewer reads."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="unique_membership")]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.account_id}"


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
    revoked = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix} ({self.scope})"
