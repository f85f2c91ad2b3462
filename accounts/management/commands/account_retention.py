"""`manage.py account_retention`: for how many days an account's past is kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import LONGEST_RETENTION_DAYS, RETENTION_DAYS, SHORTEST_RETENTION_DAYS, Account


class Command(BaseCommand):
    help = (
        "Sets for how many days an account's past is kept, or shows it. Older days are removed each night for ever; "
        f"without this command it is {RETENTION_DAYS} days, which is 13 months."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "account", metavar="ACCOUNT", type=int, help="the number before the _ of the account's keys"
        )
        parser.add_argument(
            "days",
            metavar="DAYS",
            type=int,
            nargs="?",
            help=f"{SHORTEST_RETENTION_DAYS} to {LONGEST_RETENTION_DAYS}; where missing, the days are only shown",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        number, days = options["account"], options["days"]
        account = Account.objects.filter(pk=number).first()
        if account is None:
            raise CommandError(f"There is no account {number}.")
        if days is None:
            self.stdout.write(f"The account {number} keeps {account.retention_days} days.")
            return
        if not SHORTEST_RETENTION_DAYS <= days <= LONGEST_RETENTION_DAYS:
            raise CommandError(f"DAYS must be from {SHORTEST_RETENTION_DAYS} to {LONGEST_RETENTION_DAYS}, not {days}.")
        before, account.retention_days = account.retention_days, days
        account.save(update_fields=["retention_days"])
        self.stdout.write(f"The account {number} keeps {days} days; it was {before}.")
