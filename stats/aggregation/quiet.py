"""How long somebody may say nothing: processes and their instances are judged alike."""

DEFAULT_INTERVAL = 5.0  # seconds between two commits
SILENT_AFTER = 3  # intervals without a commit
DOWN_AFTER = 60.0  # seconds without a commit


def state_of(seen: float, now: float) -> str:
    """`up`, `silent` (no commit for three intervals) or `down` (none for 60 s), of one who spoke last at `seen`."""
    quiet = now - seen
    if quiet >= DOWN_AFTER:
        return "down"
    return "silent" if quiet >= SILENT_AFTER * DEFAULT_INTERVAL else "up"
