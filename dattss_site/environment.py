"""Reads settings from environment variables and collects what is wrong with them.

A wrong value never raises here: the default is used, and the sentence in `problems` is reported by the system checks
(`dattss_site.checks`), so that a start with a bad value ends in one clear line and not in a traceback.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit


class Environment:
    """A view of environment variables that remembers every value it had to refuse."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The variable, stripped; `default` where it is unset or empty."""
        return self._variables.get(name, "").strip() or default

    def names(self, prefix: str) -> list[str]:
        """The variables that are set and begin with `prefix`, sorted."""
        return sorted(name for name, value in self._variables.items() if name.startswith(prefix) and value.strip())

    def secret(self, name: str) -> str:
        """The variable or, with `NAME_FILE` set, the stripped contents of that file; empty where neither is set."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self._refuse(f"{name}_FILE", path, f"the path of a readable file ({reason})")
            return ""

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        raw = self.text(name)
        if not raw:
            return default
        if raw.isascii() and raw.isdigit() and low <= int(raw[:12]) <= high and len(raw) <= 12:
            return int(raw)
        self._refuse(name, raw, f"a whole number from {low} to {high}")
        return default

    def shard(self, name: str, shards: int) -> tuple[int | None, bool]:
        """The shard that a process owns, and whether it starts a process for each instead: a number below `shards`;
        `none`; unset, the only one or, where there are several, each."""
        if self.text(name) == "none":
            return None, False
        if not self.text(name) and shards > 1:
            return None, True
        return self.whole(name, 0, 0, shards - 1), False

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the `allowed` words."""
        raw = self.text(name, default)
        if raw in allowed:
            return raw
        self._refuse(name, raw, "one of " + ", ".join(allowed))
        return default

    def flag(self, name: str) -> bool:
        """`1` or `0`; unset is `0`."""
        return self.choice(name, "0", ("0", "1")) == "1"

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        """An absolute URL with one of the `schemes`, without a trailing slash; empty where unset.

        May come from `NAME_FILE`, because such an URL often carries a password; the value is therefore never echoed.
        """
        raw = self.secret(name)
        if not raw:
            return ""
        try:
            parts = urlsplit(raw)
            _ = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in schemes:
            return raw.rstrip("/") if parts.scheme in ("http", "https") else raw
        self.problems.append(f"{name} must be an URL that begins with {' or '.join(s + ':' for s in schemes)}.")
        return ""

    def matching(self, name: str, pattern: str, wanted: str) -> str:
        """A secret all of which matches `pattern`; empty where unset. The value is never echoed."""
        raw = self.secret(name)
        if not raw or re.fullmatch(pattern, raw):
            return raw
        self.problems.append(f"{name} must be {wanted}.")
        return ""

    def countries(self, name: str, default: str) -> frozenset[str]:
        """ISO codes of countries with commas between them, in any case."""
        raw = self.text(name, default)
        codes = [code.strip().upper() for code in raw.split(",")]
        if all(re.fullmatch("[A-Z]{2}", code) for code in codes):
            return frozenset(codes)
        self._refuse(name, raw, "codes of countries with commas between them, such as DE,US")
        return frozenset(default.split(","))

    def _refuse(self, name: str, raw: str, wanted: str) -> None:
        self.problems.append(f"{name} must be {wanted}, not {raw!r}.")
