"""`manage.py pack_days`: packs the past days that are due, and removes those past their account's retention."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.past_days import tend


class Command(BaseCommand):
    help = "Packs days that ended more than 8 days ago and removes those older than their account keeps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=int, help="only this account's (default: all on this machine)")

    def handle(self, *_: Any, **options: Any) -> None:
        report = tend(settings.DATTSS_DATA / "stats", account=options["account"])
        self.stdout.write(f"Packed {report.packed} days ({report.saved} bytes less), removed {report.removed}.")
        if report.failed:
            raise CommandError(f"{report.failed} days could not be packed or removed; the log says why.")
