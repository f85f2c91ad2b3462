"""How much of its limits an account uses, in words: the rows of the usage page."""

from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat

from stats.usage import Amount, Disk, LiveUsage, StoredUsage

NEARLY = 0.8  # of a limit: time to look after it


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what is used, how much of it in words, what happens at its limit, and the amount for a bar if it has
    one."""

    name: str
    used: str
    note: str
    bar: Amount | None = None

    @property
    def nearly(self) -> float | None:
        """From which amount on the bar warns."""
        return self.bar.limit * NEARLY if self.bar is not None and self.bar.limit is not None else None


def live_rows(live: LiveUsage) -> list[Row]:
    """What is live and on the disk."""
    return [
        _row(
            "Live stats",
            live.stats,
            "",
            "At the limit the stats that are known go on; new ones are left out, and the account sees a warning. "
            "A stat without a value for an hour counts no more.",
        ),
        _row("Processes", live.processes, "", "At the limit commits of new processes are left out."),
        _row("Commits", live.commits, " a second", _of_commits(live)),
        _row("Partial aggregates", live.partials, " a second", "In the mean of the last minute."),
        _row("Intervals by UDP", Amount(live.udp_intervals, None), " in the last minute", _OF_UDP),
        _disk_row(live.disk),
    ]


def stored_rows(stored: StoredUsage) -> list[Row]:
    """What is kept in the database."""
    return [
        _row("Keys", stored.keys, "", "At the limit no key can be made until one is revoked."),
        _row("People", Amount(stored.people, None), "", "As many as you invite."),
        Row(
            "History",
            f"{stored.retention_days:,} days",
            "Older days are removed each night. Who runs this server can change it.",
        ),
    ]


_OF_UDP = (
    "Each process makes one each 5 s. The server takes up to 10,000 processes at a time, of all accounts together."
)


def _of_commits(live: LiveUsage) -> str:
    mean = "In the mean of the last minute."
    if live.commits.limit is None:
        return f"{mean} There is no limit."
    refused = f" {live.refused:,} were refused in the last minute." if live.refused else ""
    return f"{mean} Commits beyond the limit are answered 429; clients keep their values and send them later.{refused}"


def _disk_row(disk: Disk | None) -> Row:
    note = "The current and the 8 previous days are plain files; older ones are packed. Counted each 5 minutes."
    if disk is None:
        return Row("Disk", "being counted", note)
    total = filesizeformat(disk.plain + disk.packed)
    return Row("Disk", f"{total}: {filesizeformat(disk.plain)} plain, {filesizeformat(disk.packed)} packed", note)


def _row(name: str, amount: Amount, unit: str, note: str) -> Row:
    used = number(amount.used)
    if amount.limit is None:
        return Row(name, f"{used}{unit}", note)
    return Row(name, f"{used} of {amount.limit:,}{unit}", note, amount)


def number(value: float) -> str:
    """`12,345`, `17`, `1.3`, `0.017`: a fraction only where it matters."""
    if value >= 100 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"
