"""API keys: made, hashed, replaced, ended, found. The raw key exists only in the hands of whoever asked for it."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Case, F, GenericIPAddressField, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.models import Account, ApiKey, User

KEY_PATTERN = re.compile(r"[0-9]{1,19}_[0-9a-f]{40}")
SHOWN_HEX_DIGITS = 4
# SQLite takes at least 999 parameters a statement; each key needs seven.
KEYS_PER_UPDATE = 140


class KeyEndedError(RuntimeError):
    """A key that has ended, or is about to because it was replaced, cannot be replaced."""


class LastUse(NamedTuple):
    """When a key was used last, Unix seconds, and from which IP address; None where nothing said it."""

    at: float
    address: str | None


def hash_key(raw: str) -> str:
    """SHA-256 of the whole raw key, 64 hex digits."""
    return hashlib.sha256(raw.encode()).hexdigest()


def make_key(account: Account, label: str, scope: str, created_by: User | None) -> tuple[ApiKey, str]:
    """A saved key with `scope` (`ingest` or `read`) and its raw text, which cannot be had again later."""
    digits = secrets.token_hex(20)
    raw = f"{account.pk}_{digits}"
    prefix = f"{account.pk}_{digits[:SHOWN_HEX_DIGITS]}"
    key = ApiKey.objects.create(
        account=account, label=label, scope=scope, hash=hash_key(raw), prefix=prefix, created_by=created_by
    )
    return key, raw


def replace(key: ApiKey, created_by: User | None, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key with the label and scope of `key`, which itself works for `overlap` longer; and its raw text.

    Raises KeyEndedError where `key` has ended or has been replaced before.
    """
    now = timezone.now()
    with transaction.atomic():
        old = live_keys(now).select_for_update().filter(pk=key.pk, expires=None).first()
        if old is None:
            raise KeyEndedError
        new, raw = make_key(old.account, old.label, old.scope, created_by)
        new.replaces = old
        new.save(update_fields=["replaces"])
        old.expires = key.expires = now + overlap
        old.save(update_fields=["expires"])
    return new, raw


def revoke(key: ApiKey) -> None:
    """Ends the key for good. A key that is revoked already keeps its time."""
    now = timezone.now()
    if ApiKey.objects.filter(pk=key.pk, revoked=None).update(revoked=now):
        key.revoked = now


def live_keys(now: datetime) -> QuerySet[ApiKey]:
    """The keys of open accounts that are neither revoked nor past their end at `now`."""
    return ApiKey.objects.filter(Q(expires=None) | Q(expires__gt=now), revoked=None, account__closed=None)


def find_key(raw: str) -> ApiKey | None:
    """The live key with this raw text, its account loaded too; one database query, none for malformed text."""
    if not KEY_PATTERN.fullmatch(raw):
        return None
    return live_keys(timezone.now()).select_related("account").filter(hash=hash_key(raw)).first()


def store_last_uses(uses: Mapping[int, LastUse]) -> None:
    """Writes when and from where keys were used last, by key id. Never moves a stored time backwards."""
    uses_by_key = list(uses.items())
    for start in range(0, len(uses_by_key), KEYS_PER_UPDATE):
        _store(dict(uses_by_key[start : start + KEYS_PER_UPDATE]))


def _store(uses: Mapping[int, LastUse]) -> None:
    times, addresses = [], []
    for key_id, use in uses.items():
        time = datetime.fromtimestamp(use.at, UTC)
        is_later = Q(pk=key_id) & (Q(last_used=None) | Q(last_used__lt=time))
        times.append(When(is_later, then=Value(time)))
        addresses.append(When(is_later, then=_address(use.address)))
    ApiKey.objects.filter(pk__in=uses).update(
        last_used=Case(*times, default=F("last_used")), last_ip=Case(*addresses, default=F("last_ip"))
    )


def _address(address: str | None) -> Value:
    return Value(address, output_field=GenericIPAddressField())
