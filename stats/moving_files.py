"""What an owner does with the files of an account that moves, when `manage.py account_move` asks it to.

The old owner lists, reads, and at last removes; the new one writes and puts in place. Each looks at its table of keys
first: nobody writes to, or removes, an account that it owns; files arrive only while the account moves, and are removed
only while it does not, since then they may be the ones that have just arrived.
"""

from pathlib import Path
from typing import Any

from accounts.keytable import Place
from stats.storage import paths, transfer
from stats.storage.transfer import Piece, Wanted

Message = dict[str, Any]


class NotNowError(LookupError):
    """The account's place is not one where that may be done to its files."""

    def __init__(self, account: int, deed: str) -> None:
        super().__init__(f"account {account} is where its files may not be changed ({deed})")


def work(root: Path, message: Message, owned: bool, place: Place | None) -> Message:
    """Does the `deed` of a message to the files of its `account` below `root`; `owned`: they are this shard's own.

    Called in a thread. Raises OSError, TransferError, NotNowError.
    """
    deed, account = message["deed"], int(message["account"])
    if deed in _CHANGES and (owned or place is None or place.moving != (deed in _ARRIVES)):
        raise NotNowError(account, deed)
    return _DEEDS[deed](root, account, message)


def _home(root: Path, _account: int, _message: Message) -> Message:
    return {"home": transfer.home(root)}


def _list(root: Path, account: int, message: Message) -> Message:
    part = message.get("part")
    return {"parts": transfer.parts(root, account)} if part is None else {"files": transfer.files(root, account, part)}


def _read(root: Path, account: int, message: Message) -> Message:
    return {"pieces": transfer.read(root, account, [Wanted(*one) for one in message["wanted"]])}


def _digest(root: Path, account: int, message: Message) -> Message:
    token = message["token"]
    folder = paths.account_dir(root, account) if token is None else transfer.arriving(root, account, token)
    return {"digest": transfer.digest(folder, message["part"])}


def _begin(root: Path, account: int, _message: Message) -> Message:
    return {"token": transfer.begin(root, account)}


def _write(root: Path, account: int, message: Message) -> Message:
    transfer.write(root, account, message["token"], [Piece(*one) for one in message["pieces"]])
    return {}


def _finish(root: Path, account: int, message: Message) -> Message:
    transfer.finish(root, account, message["token"])
    return {}


def _remove(root: Path, account: int, _message: Message) -> Message:
    transfer.remove(root, account)
    return {}


_DEEDS = {
    "home": _home,
    "list": _list,
    "read": _read,
    "digest": _digest,
    "begin": _begin,
    "write": _write,
    "finish": _finish,
    "remove": _remove,
}
_ARRIVES = frozenset({"begin", "write", "finish"})
_CHANGES = _ARRIVES | {"remove"}
