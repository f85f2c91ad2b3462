"""API keys: made, hashed, revoked, found. The raw key exists only in the hands of whoever asked for it."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts.models import Account, ApiKey, User

KEY_PATTERN = re.compile(r"[0-9]{1,19}_[0-9a-f]{40}")
SHOWN_HEX_DIGITS = 4
# SQLite takes at least 999 parameters a statement; each key needs three.
KEYS_PER_UPDATE = 300


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


def revoke(key: ApiKey) -> None:
    """Ends the key for good. A key that is revoked already keeps its time."""
    now = timezone.now()
    if ApiKey.objects.filter(pk=key.pk, revoked=None).update(revoked=now):
        key.revoked = now


def find_key(raw: str) -> ApiKey | None:
    """The unrevoked key of an open account with this raw text, its account loaded too; one database query, none for
    malformed text."""
    if not KEY_PATTERN.fullmatch(raw):
        return None
    keys = ApiKey.objects.select_related("account")
    return keys.filter(hash=hash_key(raw), revoked=None, account__closed=None).first()


def store_last_used(used: Mapping[int, float]) -> None:
    """Writes when keys were used last: key id to Unix seconds. Never moves a stored time backwards."""
    times_by_key = [(key_id, datetime.fromtimestamp(seconds, UTC)) for key_id, seconds in used.items()]
    for start in range(0, len(times_by_key), KEYS_PER_UPDATE):
        times = dict(times_by_key[start : start + KEYS_PER_UPDATE])
        later = [
            When(Q(pk=key_id) & (Q(last_used=None) | Q(last_used__lt=time)), then=Value(time))
            for key_id, time in times.items()
        ]
        ApiKey.objects.filter(pk__in=times).update(last_used=Case(*later, default=F("last_used")))
