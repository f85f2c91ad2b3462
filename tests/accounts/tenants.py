"""Two tenants that look the same: equal names and labels, ids that cross each other; and everybody who calls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Model
from django.test.client import Client, ClientHandler
from django.utils import timezone

from accounts.keys import make_key, revoke
from accounts.models import Account, Contact, Invitation, Medium, Membership, Role, Scope, Transfer, User
from accounts.system_account import ensure_system_account
from alerts.models import Endpoint, Escalation, Incident, Rule, Silence
from tests.accounts.conftest import PASSWORD

NAME = "Acme"
IDS = (1_000_001, 1_000_002, 1_000_003)  # beyond those that the database gives in any run of all tests
ABOVE = {"kind": "above", "limit": 10}


@dataclass
class Tenant:
    """An account and, for each parameter of a route's path, the text that leads to something of this account."""

    account: Account
    owner: User
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class Scene:
    """The callers call `acme`, but for the former owner of `closed`. `other` is the stranger's."""

    acme: Tenant
    other: Tenant
    closed: Tenant
    people: dict[str, User]
    keys: dict[str, str]
    # One for all clients: each would look through all static files when it is made.
    _handler: ClientHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=False))

    def client(self, caller: str, handler: ClientHandler | None = None) -> Client:
        """A browser or a program of the caller, at the beginning of a session."""
        key = self.keys.get(caller)
        client = Client(headers={"Authorization": f"Bearer {key}"} if key else None)
        client.handler = handler or self._handler
        if caller in self.people:
            client.force_login(self.people[caller])
        return client

    def target(self, caller: str) -> Tenant:
        """The tenant that the caller asks for."""
        return self.closed if caller == "former" else self.acme


def set_the_scene() -> Scene:
    """All of it, in the database."""
    ensure_system_account()
    owner, stranger, former = _person("alice"), _person("charlie"), _person("fay")
    acme, other, closed = (_tenant(*pair) for pair in zip(IDS, (owner, stranger, former), strict=True))
    Account.objects.filter(pk=closed.account.pk).update(closed=timezone.now())
    people = {"owner": owner, "stranger": stranger, "former": former}
    for name, role in (("viewer", Role.VIEWER), ("member", Role.MEMBER)):
        people[name] = _person(name)
        Membership.objects.create(user=people[name], account=acme.account, role=role)
    Transfer.objects.create(
        account=acme.account, giver=owner, taker=people["member"], expires=timezone.now() + timedelta(days=1)
    )
    revoked, raw = make_key(acme.account, "Servers", Scope.READ, owner)
    revoke(revoked)
    keys = {"revoked": raw}
    for scope in Scope.values:
        keys[scope] = make_key(acme.account, "Servers", scope, owner)[1]
    _give_objects(acme, other, closed)
    return Scene(acme, other, closed, people, keys)


def _person(name: str) -> User:
    return User.objects.create_user(f"{name}@example.org", PASSWORD)


def _tenant(account_id: int, owner: User) -> Tenant:
    account = Account.objects.create(pk=account_id, name=NAME)
    Membership.objects.create(user=owner, account=account, role=Role.OWNER)
    return Tenant(account, owner, {"account_id": str(account_id), **TEXTS})


def _give_objects(acme: Tenant, other: Tenant, closed: Tenant) -> None:
    """The id of each account is that of the objects of the other one."""
    numbers = (IDS[1], IDS[0], IDS[2])
    for parameter, make in OBJECTS.items():
        made = [make(tenant) for tenant in (acme, other, closed)]
        for tenant, found, number in zip((acme, other, closed), made, numbers, strict=True):
            _renumber(found, number)
            tenant.parameters[parameter] = str(number)


def _renumber(made: Model, number: int) -> None:
    type(made)._default_manager.filter(pk=made.pk).update(id=number)


# Parameters that name an object of the account, and how one is made. Another account's is not found.
OBJECTS: dict[str, Callable[[Tenant], Model]] = {
    "key_id": lambda tenant: make_key(tenant.account, "Servers", Scope.INGEST, tenant.owner)[0],
    "person_id": lambda tenant: Membership.objects.create(
        account=tenant.account, user=_person(f"colleague{tenant.account.pk}"), role=Role.MEMBER
    ),
    "invitation_id": lambda tenant: Invitation.objects.create(
        account=tenant.account,
        email="guest@example.org",
        role=Role.VIEWER,
        hash=f"hash{tenant.account.pk}",
        expires=timezone.now() + timedelta(days=1),
    ),
    "contact_id": lambda tenant: Contact.objects.create(
        account=tenant.account, user=tenant.owner, medium=Medium.EMAIL, address="on-call@example.org"
    ),
    "rule_id": lambda tenant: Rule.objects.create(
        account=tenant.account, name="Orders", target_kind="stat", target="api/c/orders", condition=ABOVE
    ),
    "escalation_id": lambda tenant: Escalation.objects.create(account=tenant.account, name="On call"),
    "endpoint_id": lambda tenant: Endpoint.objects.create(
        account=tenant.account, kind="webhook", name="Ops", url="https://example.org/"
    ),
    "incident_id": lambda tenant: Incident.objects.create(
        account=tenant.account, number=1, rule_name="Orders", target="api/c/orders", opened=timezone.now()
    ),
    "silence_id": lambda tenant: Silence.objects.create(
        account=tenant.account,
        process="api",
        starts=timezone.now(),
        ends=timezone.now() + timedelta(days=1),
        reason="We update the database",
    ),
}
# Parameters that belong to no account.
TEXTS = {
    "key": "nonsense",
    "uidb36": "1",
    "name": "dattss-0.0.0.tar.gz",
    "notification_id": "1",
    "number": "1",  # each account counts its incidents from 1 on
    "process": "api",
    "kind": "c",
    "pk": "1",
    "secret": "nonsense",
    "token": "nonsense",
}
