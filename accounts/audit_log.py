"""What an account's people see of the audit log: its own entries, and the log-ins of its people since they joined."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Account, AuditEntry, Membership

PAGE = 50  # entries
NO_ACCOUNT = -1
_OTHER = "other"

# What the entries are about, by how their actions begin.
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "keys": ("Keys", ("key.",)),
    "people": ("People", ("person.", "invitation.", "transfer.")),
    "logins": ("Log-ins", ("login", "logout", "session.", "password.", "email.", "second_factor.")),
    "contacts": ("Contacts", ("contact.",)),
    "alerts": ("Alerts", ("rule.", "silence.", "incident.", "escalation.", "endpoint.", "cap.")),
    "account": ("Account", ("account.",)),
}
KIND_CHOICES = [*((kind, name) for kind, (name, _) in _KINDS.items()), (_OTHER, "Everything else")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of a person, by the e-mail address at the time, and of a kind; empty for all."""

    person: str = ""
    kind: str = ""


def entries_of(account: Account, wanted: Wanted) -> QuerySet[AuditEntry]:
    """The entries that the account's people may see, the newest first."""
    # Not `account=None`: SQLite would look through all log-ins of everybody, by the index of accounts.
    entries = AuditEntry.objects.alias(of_account=Coalesce("account", NO_ACCOUNT))
    found = entries.filter(Q(account=account) | _log_ins_of_people(account))
    if wanted.person:
        found = found.filter(actor__iexact=wanted.person)
    if wanted.kind == _OTHER:
        found = found.exclude(_begins(prefix for _, prefixes in _KINDS.values() for prefix in prefixes))
    elif wanted.kind:
        found = found.filter(_begins(iter(_KINDS[wanted.kind][1])))
    return found.order_by("-at", "-pk")


def _log_ins_of_people(account: Account) -> Q:
    """A log-in belongs to no account: whoever joined the account shows those from then on."""
    people = Membership.objects.filter(account=account)
    since_joined = Exists(people.filter(user=OuterRef("user"), created__lte=OuterRef("at")))
    of_people = Q(of_account=NO_ACCOUNT, user__in=people.values("user"))
    return of_people & _begins(iter(_KINDS["logins"][1])) & Q(since_joined)


def _begins(prefixes: Iterator[str]) -> Q:
    found = Q()
    for prefix in prefixes:
        found |= Q(action__startswith=prefix)
    return found
