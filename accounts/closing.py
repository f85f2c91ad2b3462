"""Closing an account: at once nobody sends to it or sees it; its owners may open it again for `GRACE_DAYS`, then it is
deleted (`stats.closed_accounts`)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts import access_news, audit, mail
from accounts.access import lock_account, own_closed_account
from accounts.models import GRACE_DAYS, SYSTEM_ACCOUNT_ID, Account, Role, Transfer
from accounts.routing import set_closed

GRACE = timedelta(days=GRACE_DAYS)
# Between the last moment at which an account is opened again and the first at which it is deleted: clocks differ.
MARGIN = timedelta(hours=1)


class GraceOverError(ValueError):
    """The account was closed too long ago to be opened again."""


def may_be_closed(account: Account) -> bool:
    """Account 0 may not: it is this server's own."""
    return account.pk != SYSTEM_ACCOUNT_ID


def close(request: HttpRequest, account: Account) -> None:
    """Closes an account that may be closed, in the transaction of `enter_alone`; `tell_closed` comes after it."""
    set_closed(account, timezone.now())
    Transfer.objects.filter(account=account).delete()
    audit.record(request, "account.closed", account, account.name)


def tell_closed(request: HttpRequest, account: Account) -> None:
    """Mails its owners, and sends away who has a page of it open."""
    access_news.tell(account.pk)
    link = mail.public_link(reverse("accounts"))
    actor = getattr(request.user, "email", "")
    mail.send("account_closed", _owners(account), account=account, actor=actor, until=reopen_until(account), link=link)


def reopen(request: HttpRequest, account_id: int) -> Account:
    """Opens a closed account of the request's person again, and mails its owners. Raises Http404, GraceOverError."""
    with transaction.atomic():
        lock_account(account_id)
        account = own_closed_account(request.user, account_id)
        if timezone.now() >= reopen_until(account):
            raise GraceOverError
        set_closed(account, None)
        audit.record(request, "account.reopened", account, account.name)
    mail.send("account_reopened", _owners(account), account=account, actor=getattr(request.user, "email", ""))
    return account


def reopen_until(account: Account) -> datetime:
    """When a closed account can be opened again no more."""
    if account.closed is None:
        raise Http404
    return account.closed + GRACE


def closed_for_good(now: datetime) -> QuerySet[Account]:
    """The accounts that are due to be deleted. One that is on its way to another shard arrives there first."""
    due = Account.objects.filter(closed__lte=now - GRACE - MARGIN, moving_to=None)
    return due.exclude(pk=SYSTEM_ACCOUNT_ID).order_by("pk")


def delete(account: Account, now: datetime) -> bool:
    """Deletes the rows of an account whose files are gone, and mails those who owned it. Returns whether it did."""
    with transaction.atomic():
        lock_account(account.pk)
        if not closed_for_good(now).filter(pk=account.pk).exists():
            return False
        owners = _owners(account)
        audit.record_of(None, "account.deleted", None, account.name, None, number=account.pk)
        Account.objects.filter(pk=account.pk).delete()
    mail.send("account_deleted", owners, account=account)
    return True


def _owners(account: Account) -> list[str]:
    owners = account.memberships.filter(role=Role.OWNER).order_by("pk")
    return list(owners.values_list("user__email", flat=True))
