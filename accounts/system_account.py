"""Account 0: DaTtSs itself, which this server keeps its own numbers under."""

import os
import socket
from pathlib import Path

from django.db import transaction

from accounts.keys import find_key, make_key
from accounts.models import SYSTEM_ACCOUNT_ID, Account, Scope

LABEL_LENGTH = 80


def ensure_system_account() -> None:
    """Makes account 0 where it is missing. The first account of a person still gets id 1.

    Neither database takes an id that was given for the last one of its sequence: PostgreSQL's stays at its start,
    SQLite's AUTOINCREMENT remembers the greatest, which is 0.
    """
    Account.objects.get_or_create(pk=SYSTEM_ACCOUNT_ID, defaults={"name": "DaTtSs"})


def system_key(path: Path) -> str:
    """The raw ingest key of account 0 that is kept in the file `path` (mode 600); made where there is none that works.

    Two processes that start together get the same key: the second waits for the lock on the account's row (on SQLite,
    on the database). Raises OSError where the folder cannot be written, Account.DoesNotExist before
    `ensure_system_account`.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=SYSTEM_ACCOUNT_ID)
        kept = _kept_key(path)
        if kept:
            return kept
        _, raw = make_key(account, f"Own numbers of {socket.gethostname()}"[:LABEL_LENGTH], Scope.INGEST, None)
        _keep(path, raw)
    return raw


def _kept_key(path: Path) -> str:
    try:
        raw = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    key = find_key(raw)
    belongs = key is not None and key.account_id == SYSTEM_ACCOUNT_ID and key.scope == Scope.INGEST
    return raw if belongs else ""


def _keep(path: Path, raw: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    # O_EXCL: a file that is there already could have a wider mode, or be a link to somewhere else.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(raw + "\n")
    draft.replace(path)
