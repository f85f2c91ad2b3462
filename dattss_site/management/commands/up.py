"""`manage.py up`: everything that DaTtSs is, started by one command. `make run` calls it."""

import sys
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from dattss_site.all_shards import serve_all


class Command(BaseCommand):
    help = "Checks the settings, migrates the database and serves everything until SIGTERM or Ctrl-C."
    requires_system_checks = []  # run below, where each problem becomes one line

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-agent", action="store_true", help="another process sends the machine's own figures")

    def handle(self, *_args: Any, **options: Any) -> None:
        problems = [problem.msg for problem in run_checks() if problem.level >= ERROR]
        if problems:
            raise CommandError(" ".join(problems))
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {str(error).strip()} Check DATABASE_URL.") from None
        failure = serve_all(self._announce) if settings.DATTSS_EACH_SHARD else self._serve(not options["no_agent"])
        if failure:
            raise CommandError(failure)

    def _serve(self, with_agent: bool) -> str:
        # Imported late: Twisted's reactor is installed by this import and belongs to the serving process only.
        from dattss_site.serve import serve  # noqa: PLC0415

        return serve(self._announce, with_agent=with_agent)

    def _announce(self) -> None:
        self.stdout.write(f"DaTtSs serves on {settings.PUBLIC_URL}/ - see it watch itself: {settings.PUBLIC_URL}/demo/")
        if settings.UDP_PORT:
            self.stdout.write(
                f"Values over UDP on port {settings.UDP_PORT}. Data in {settings.DATTSS_DATA}. Ctrl-C stops."
            )
        sys.stdout.flush()
