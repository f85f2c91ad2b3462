"""What people do to the keys of an account: each change with its entry in the audit log, or neither."""

from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest

from accounts.access import person_of
from accounts.audit import record
from accounts.keys import make_key, replace, revoke
from accounts.models import Account, ApiKey


@transaction.atomic
def make(request: HttpRequest, account: Account, label: str, scope: str) -> tuple[ApiKey, str]:
    """A new key, and its raw text."""
    key, raw = make_key(account, label, scope, person_of(request))
    record(request, "key.made", account, _named(key), scope=scope)
    return key, raw


@transaction.atomic
def make_replacement(request: HttpRequest, key: ApiKey, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key for the place of `key`, which ends after `overlap`; and its raw text. Raises KeyEndedError."""
    new, raw = replace(key, person_of(request), overlap)
    record(
        request,
        "key.replaced",
        key.account,
        _named(key),
        replacement=f"{new.prefix}…",
        ends=key.expires.isoformat() if key.expires else "",
    )
    return new, raw


@transaction.atomic
def rename(request: HttpRequest, key: ApiKey, label: str) -> None:
    """Gives the key another label."""
    if label == key.label:
        return
    before, key.label = key.label, label
    key.save(update_fields=["label"])
    record(request, "key.renamed", key.account, _named(key), before=before)


@transaction.atomic
def end(request: HttpRequest, key: ApiKey) -> None:
    """Revokes the key."""
    revoke(key)
    record(request, "key.revoked", key.account, _named(key), scope=key.scope)


def _named(key: ApiKey) -> str:
    return f"{key.label} ({key.prefix}…)"
