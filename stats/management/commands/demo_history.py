"""`manage.py demo_history`: a plausible past week for an account without data, to try plots with on day one."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Account
from stats import demo
from stats.storage import paths
from stats.storage.lines import of_rows
from stats.storage.prt_writer import Writer

LONGEST = 400  # days


class Command(BaseCommand):
    help = "Writes a made-up past for an account that has no data yet: the days before today, and today until now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "account", metavar="ACCOUNT", type=int, help="the number before the _ of the account's keys"
        )
        parser.add_argument("--days", type=int, default=7, help="how many days before today (default: 7)")
        parser.add_argument("--seed", type=int, default=1, help="another number makes another past (default: 1)")

    def handle(self, *_: Any, **options: Any) -> None:
        account, days, seed = options["account"], options["days"], options["seed"]
        if not 0 <= days <= LONGEST:
            raise CommandError(f"--days must be from 0 to {LONGEST}.")
        if seed < 0:
            raise CommandError("--seed must not be negative.")
        if not Account.objects.filter(pk=account).exists():
            raise CommandError(f"There is no account {account}.")
        folder = paths.account_dir(settings.DATTSS_DATA / "stats", account)
        _refuse_data(folder, account)
        now = int(time.time()) // 60
        written = _write(folder, account, ((now // demo.MINUTES - days) * demo.MINUTES, now), seed)
        self.stdout.write(f"Wrote {written} made-up minutes of the processes api and worker for the account {account}.")


def _refuse_data(folder: Path, account: int) -> None:
    """Raises CommandError where anything of the account's own lies in its folder."""
    for place, _, files in os.walk(folder):
        inside = Path(place).relative_to(folder).parts
        if files and not (inside and inside[0].startswith(paths.UNFINISHED)):
            raise CommandError(f"The account {account} has data of its own; made-up data must not mix with it.")


def _write(folder: Path, account: int, span: tuple[int, int], seed: int) -> int:
    """Writes the minutes of `span` beside the account's data, and puts the days in their place once all are there."""
    draft = folder / f"{paths.UNFINISHED}demo"
    shutil.rmtree(draft, ignore_errors=True)  # what an interrupted run has left
    try:
        report = Writer(draft).write(of_rows(demo.minutes(account, *span, seed)))
        for day in sorted(paths.account_dir(draft, account).glob("*")):
            day.rename(folder / day.name)  # fails for a day that got data of its own meanwhile
    except OSError as error:
        raise CommandError(f"The minutes cannot be written: {error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report.written
