"""Accounts, the tenants, and who belongs to them or is about to."""

from django.db import models

from accounts.models.user import User

SYSTEM_ACCOUNT_ID = 0
RETENTION_DAYS = 396  # 13 months: a month can be compared with the same one a year ago
SHORTEST_RETENTION_DAYS = 9  # today and the week before it are drawn, in any time zone
LONGEST_RETENTION_DAYS = 32_767  # what the column holds
GRACE_DAYS = 7


class Account(models.Model):
    """A tenant: what is tracked belongs to an account, never to a user. Account 0 is DaTtSs itself.

    `shard` says whose server owns its values. While `moving_to` is set it is on its way there and takes no commits.
    From `closed` on it takes no commits and shows nothing; it can be opened again until its values are deleted,
    `GRACE_DAYS` later (`accounts.closing`). `moves` counts the changes of all three.
    """

    name = models.CharField(max_length=80)
    created = models.DateTimeField(auto_now_add=True)
    shard = models.PositiveIntegerField(default=0)
    moving_to = models.PositiveIntegerField(null=True, blank=True, default=None)
    moves = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveSmallIntegerField(default=RETENTION_DAYS)
    closed = models.DateTimeField(null=True, blank=True, default=None)
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


class Invitation(models.Model):
    """Asks whoever reads `email` into an account. Only the SHA-256 of the link's secret is kept.

    It can be accepted once, before `expires`, and as long as nobody has withdrawn it.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role.choices)
    hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True, blank=True)
    withdrawn = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.email} into {self.account_id} as {self.role}"


class Transfer(models.Model):
    """An owner's offer of an account to one of its people, who becomes its owner by accepting before `expires`."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="transfer")
    giver = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    taker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} from {self.giver_id} to {self.taker_id}"
