"""The secret key that is made on the first run and kept beside the data."""

import os
import secrets
from pathlib import Path


def load_or_make(path: Path) -> str:
    """The key in the file `path`; makes the file (mode 600) with a new key where there is none.

    Two processes that start together agree: `O_EXCL` lets one of them make the file, the other reads it.
    Raises OSError when the folder cannot be written.
    """
    try:
        key = path.read_text(encoding="ascii").strip()
        if key:
            return key
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(50)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    try:
        os.link(draft, path)  # fails where another process was first
    except FileExistsError:
        return path.read_text(encoding="ascii").strip() or key
    finally:
        draft.unlink()
    return key
