"""Moving an account from one shard to another.

1. `moving_to` is set: from then on nobody takes its commits; clients keep them and send them with their age.
2. The old owner flushes at the end of its minute, lays beside the files which commits were taken, and forgets the rest.
3. Where the two owners do not have the files in common, these are copied and compared.
4. `shard` is set and `moving_to` cleared, in one step. The new owner reads the files and takes commits.
5. The old copy is removed.

Each step may be done again, so that a move that was interrupted anywhere is completed by another run. Where two runs
copy at once, the one that began later goes on and the other fails. Which shard has the account is only ever what the
database says: an owner that starts again in the middle goes by that too.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings

from accounts.models import Account
from accounts.routing import begin_move, finish_move, shard_of
from stats.engine_call import EngineError, ask

_STEP_TIMEOUT = 60.0  # seconds for a flush, or for a part of the files
_LOOK_AGAIN = 0.5  # seconds between questions whether the old owner is done
_CHUNK = 512 * 1024  # bytes of a message

Say = Callable[[str], object]


def move(account_id: int, shard: int, say: Say) -> None:
    """Moves the account, or completes a move; `say` is told what happens. Raises MoveError, EngineError."""
    account = begin_move(account_id, shard)
    if account.moving_to is not None:
        _bring_over(account, shard_of(account), shard, say)
        finish_move(account)
        say(f"The account {account_id} is on shard {shard}.")
    _remove_copies(account_id, shard, say)


def _bring_over(account: Account, old: int, new: int, say: Say) -> None:
    say(f"Waiting for shard {old} to bring all values of its minute into files.")
    while not ask(old, {"type": "engine.release", "account": account.pk}, _STEP_TIMEOUT)["done"]:
        time.sleep(_LOOK_AGAIN)
    if _home(old) != _home(new):
        say(f"Copying the files to shard {new}.")
        _copy(account.pk, old, new)


def _remove_copies(account_id: int, owner: int, say: Say) -> None:
    """Removes the account's files wherever they are but at its owner."""
    kept = _home(owner)
    for shard in set(range(settings.DATTSS_SHARDS)) - {owner}:
        try:
            if _home(shard) != kept:
                _on_files(shard, "remove", account_id)
        except EngineError as error:
            say(f"{error}. If it has an old copy of the files, that stays; run this again to remove it.")


def _home(shard: int) -> str:
    return str(_on_files(shard, "home", 0)["home"])


def _copy(account_id: int, old: int, new: int) -> None:
    token = _on_files(new, "begin", account_id)["token"]
    for part in _on_files(old, "list", account_id)["parts"]:
        for wanted in _chunks(_on_files(old, "list", account_id, part=part)["files"]):
            pieces = _on_files(old, "read", account_id, wanted=wanted)["pieces"]
            _on_files(new, "write", account_id, token=token, pieces=pieces)
        sent = _on_files(old, "digest", account_id, part=part, token=None)
        come = _on_files(new, "digest", account_id, part=part, token=token)
        if sent["digest"] != come["digest"]:
            raise EngineError(new, f"{part} of account {account_id} is not what shard {old} has")
    _on_files(new, "finish", account_id, token=token)


def _chunks(files: list[tuple[str, int]]) -> Iterator[list[tuple[str, int, int]]]:
    """Path, offset and length of parts of files, together up to `_CHUNK` bytes each time."""
    chunk: list[tuple[str, int, int]] = []
    room = _CHUNK
    for path, size in files:
        for offset in range(0, max(size, 1), _CHUNK):
            length = min(_CHUNK, size - offset)
            if length > room:
                yield chunk
                chunk, room = [], _CHUNK
            chunk.append((path, offset, length))
            room -= length
    if chunk:
        yield chunk


def _on_files(shard: int, deed: str, account_id: int, **more: Any) -> dict[str, Any]:
    return ask(shard, {"type": "engine.files", "deed": deed, "account": account_id, **more}, _STEP_TIMEOUT)
