"""What an incident is told by."""

from alerts.evaluation import Change


def fired(change: Change) -> str:
    """Why the rule fires for its target."""
    seen = change.transition
    what = f"silent for {seen.silent:.0f} s" if seen.silent is not None else f"{seen.value}"
    return f"{change.target} {what}, for {seen.seconds} s ({change.rule.name})"


def resolved(change: Change) -> str:
    """That it is over."""
    return f"{change.target} is well again, after {change.transition.seconds} s ({change.rule.name})"
