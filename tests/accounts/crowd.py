"""A thousand accounts with ten people each, made in bulk."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Account, ApiKey, AuditEntry, Contact, Invitation, Medium, Membership, Role, Scope, User

ACCOUNTS = 1000
PEOPLE = 10  # of each account; the first owns it
KEYS = 10
INVITATIONS = 5
AUDITED = 30
LABEL = "Servers"
PASSWORD = "correct horse battery"


def make_crowd(accounts: int = ACCOUNTS) -> Account:
    """Returns the account in the middle; its first person owns ten of them."""
    first = Account.objects.bulk_create(Account(name="Acme") for _ in range(accounts))
    people = User.objects.bulk_create(
        User(email=f"person{number}@example.org", password="!") for number in range(accounts * PEOPLE)
    )
    _join(first, people)
    now = timezone.now()
    ApiKey.objects.bulk_create(
        ApiKey(
            account=account, label=LABEL, scope=Scope.INGEST, hash=f"{account.pk}-{number}", prefix=f"{account.pk}_ab"
        )
        for account in first
        for number in range(KEYS)
    )
    Invitation.objects.bulk_create(
        Invitation(
            account=account,
            email=f"guest{number}@example.org",
            role=Role.VIEWER,
            hash=f"{account.pk}-{number}",
            expires=now + timedelta(days=7),
        )
        for account in first
        for number in range(INVITATIONS)
    )
    Contact.objects.bulk_create(
        Contact(
            account=account,
            user=people[place * PEOPLE],
            medium=Medium.EMAIL,
            address="on-call@example.org",
            confirmed=now,
        )
        for place, account in enumerate(first)
    )
    AuditEntry.objects.bulk_create(
        AuditEntry(account=account, user=people[place * PEOPLE], actor="person", action="key.revoked", target=LABEL)
        for place, account in enumerate(first)
        for _ in range(AUDITED)
    )
    middle = accounts // 2
    people[middle * PEOPLE].set_password(PASSWORD)
    people[middle * PEOPLE].save()
    return first[middle]


def _join(accounts: list[Account], people: list[User]) -> None:
    roles = [Role.OWNER, *[Role.MEMBER] * (PEOPLE // 2), *[Role.VIEWER] * PEOPLE][:PEOPLE]
    own = [
        Membership(user=people[place * PEOPLE + seat], account=account, role=role)
        for place, account in enumerate(accounts)
        for seat, role in enumerate(roles)
    ]
    middle = len(accounts) // 2
    more = [
        Membership(user=people[middle * PEOPLE], account=account, role=Role.OWNER)
        for account in accounts[middle + 1 : middle + PEOPLE]
    ]
    Membership.objects.bulk_create([*own, *more])
