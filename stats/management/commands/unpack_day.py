"""`manage.py unpack_day`: puts the plain files of a packed day back, byte for byte."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.storage import paths
from stats.storage.packed import unpack_day
from stats.storage.packed_file import DamagedPackError


class Command(BaseCommand):
    help = "Puts the plain files of a packed day back. The next packing, each night, packs them again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT", type=int)
        parser.add_argument("day", metavar="DAY", help="as its file is called, such as 2026-W46_1")

    def handle(self, *_: Any, **options: Any) -> None:
        day = paths.day_of(options["day"])
        if day is None:
            raise CommandError(f"DAY must be an ISO week and day such as 2026-W46_1, not {options['day']!r}.")
        try:
            files = unpack_day(settings.DATTSS_DATA / "stats", options["account"], day)
        except (OSError, DamagedPackError, paths.BadNameError) as error:
            raise CommandError(f"The day cannot be unpacked: {error}") from error
        if not files:
            raise CommandError(f"The day {options['day']} of account {options['account']} is not packed.")
        self.stdout.write(f"Put {files} files back.")
