"""Removes an account's files again and again, each time killed one step later, and looks at what is left.

    python -m tests.stats.kill_erasing FOLDER

Prints how many kills there were; an AssertionError ends it where an account is there by half, or where doing it again
does not complete it.
"""

import json
import shutil
import sys
from pathlib import Path

from stats.storage import transfer
from stats.storage.transfer import Piece
from tests.stats.kill_points import killed

FILES = ("errors", "current/api.cur", "2026-W40_1/api/c_x.prt", "2026-W40_1/api/g_y.prt", "2026-W39_7.pack")


def main(root: Path) -> int:
    """How many kills there were until the work was done before its time."""
    kills = 0
    _prepare(root)
    while killed(lambda: transfer.erase(root, 7), kills):
        _check(root)
        kills += 1
        _prepare(root)
    return kills


def _prepare(root: Path) -> None:
    shutil.rmtree(root)
    for account in ("7", "70"):
        for file in FILES:
            path = root / account / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
    token = transfer.begin(root, 7)  # a move that was given up
    transfer.write(root, 7, token, [Piece("errors", 0, b"", 0)])


def _check(root: Path) -> None:
    folder = root / "7"
    assert not folder.exists() or all((folder / file).exists() for file in FILES)
    folder.mkdir(exist_ok=True)
    (folder / transfer.HANDED_OVER).write_text("x")  # of an owner that was started again, and has let go of it again
    transfer.erase(root, 7)
    assert [path.name for path in root.iterdir()] == ["70"]
    assert all((root / "70" / file).exists() for file in FILES)


if __name__ == "__main__":
    print(json.dumps({"kills": main(Path(sys.argv[1]))}))
