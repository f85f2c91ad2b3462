"""Invitations by e-mail: sent with a secret link, sent again, withdrawn, accepted once.

Only the SHA-256 of a link's secret is kept. A link lets in who is logged in with the invited address, confirmed:
whoever a mail is passed on to cannot use it. Nothing here depends on whether there is a user with the invited address.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import audit, mail
from accounts.models import Account, Invitation, Membership, Role, User

DAYS = 7
MOST_OPEN = 50  # of an account
MOST_A_DAY = 100  # mails of an account, and of a person
MOST_A_DAY_TO_ONE = 5  # of these, to the same address
_SECRET_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class RefusedError(ValueError):
    """The invitation cannot be sent: `reason`, a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class State(Enum):
    """What has become of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"  # the account


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation and the secret of its link, which is not kept."""

    invitation: Invitation
    secret: str


def invite(request: HttpRequest, account: Account, email: str, role: Role) -> Sent:
    """A new invitation in place of an open one to the same address, in the transaction of `enter_alone`; `deliver`
    comes after it. Raises RefusedError."""
    email = email.lower()
    _check(request, account, email)
    waiting(account).filter(email=email).update(withdrawn=timezone.now())
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    invitation = Invitation.objects.create(
        account=account,
        email=email,
        role=role,
        hash=_hash(secret),
        invited_by=request.user if isinstance(request.user, User) else None,
        expires=timezone.now() + timedelta(days=DAYS),
    )
    audit.record(request, "person.invited", account, email, role=role.value)
    return Sent(invitation, secret)


def deliver(sent: Sent) -> bool:
    """Mails the link; False where the mail could not be sent."""
    link = mail.public_link(reverse("invitation", args=[sent.secret]))
    return mail.send("invitation", [sent.invitation.email], invitation=sent.invitation, link=link)


def withdraw(request: HttpRequest, invitation: Invitation) -> None:
    """Ends an invitation, in the transaction of `enter_alone`; one that has ended already stays as it is."""
    if waiting(invitation.account).filter(pk=invitation.pk).update(withdrawn=timezone.now()):
        audit.record(request, "invitation.withdrawn", invitation.account, invitation.email, role=invitation.role)


def waiting(account: Account) -> QuerySet[Invitation]:
    """The invitations that were neither accepted nor withdrawn, those too that have expired, the newest first."""
    return account.invitations.filter(accepted=None, withdrawn=None).select_related("invited_by").order_by("-pk")


def find(secret: str) -> Invitation | None:
    """The invitation of a link, whatever has become of it; None for a forged one."""
    if not _SECRET.fullmatch(secret):
        return None
    return Invitation.objects.select_related("account", "invited_by").filter(hash=_hash(secret)).first()


def state_of(invitation: Invitation) -> State:
    """What has become of it by now."""
    if invitation.accepted is not None:
        return State.ACCEPTED
    if invitation.withdrawn is not None:
        return State.WITHDRAWN
    if invitation.account.closed is not None:
        return State.CLOSED
    return State.EXPIRED if invitation.expires <= timezone.now() else State.OPEN


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the invited address is a confirmed one of the user."""
    return bool(EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email).exists())


def accept(request: HttpRequest, invitation: Invitation, user: User) -> Membership:
    """Lets the user in, in a transaction that has locked the account and then read the invitation, which is open and
    for him. Who belongs to the account already keeps his role."""
    account = invitation.account
    membership, joined = Membership.objects.get_or_create(
        user=user, account=account, defaults={"role": invitation.role}
    )
    invitation.accepted = timezone.now()
    invitation.save(update_fields=["accepted"])
    if joined:
        audit.record(request, "person.joined", account, invitation.email, role=invitation.role)
    return membership


def _check(request: HttpRequest, account: Account, email: str) -> None:
    if account.members.filter(email=email).exists():
        raise RefusedError(f"{email} belongs to this account already.")
    if waiting(account).exclude(email=email).count() >= MOST_OPEN:
        raise RefusedError(f"{MOST_OPEN} invitations are open. Withdraw one before you send another.")
    of_ours = Q(account=account) | Q(invited_by=request.user.pk)
    today = Invitation.objects.filter(of_ours, created__gt=timezone.now() - timedelta(days=1))
    if today.filter(email=email).count() >= MOST_A_DAY_TO_ONE:
        raise RefusedError(
            f"{email} was invited {MOST_A_DAY_TO_ONE} times in 24 hours. Wait before you send another mail."
        )
    if today.count() >= MOST_A_DAY:
        raise RefusedError(f"{MOST_A_DAY} invitations were sent in 24 hours. Wait before you send another.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
