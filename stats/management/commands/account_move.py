"""`manage.py account_move`: gives an account to another shard, without loss and while values come in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.routing import MoveError
from stats.account_move import move
from stats.engine_call import EngineError


class Command(BaseCommand):
    help = (
        "Moves an account to another shard. Its commits are refused for up to a minute meanwhile: clients keep them. "
        "When it was interrupted, run it again: it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "account", metavar="ACCOUNT", type=int, help="the number before the _ of the account's keys"
        )
        parser.add_argument("shard", metavar="SHARD", type=int, help="where it goes")

    def handle(self, *_: Any, **options: Any) -> None:
        shard = options["shard"]
        if not 0 <= shard < settings.DATTSS_SHARDS:
            raise CommandError(f"SHARD must be from 0 to {settings.DATTSS_SHARDS - 1} (DATTSS_SHARDS), not {shard}.")
        try:
            move(options["account"], shard, self.stdout.write)
        except MoveError as error:
            raise CommandError(error.reason) from None
        except EngineError as error:
            raise CommandError(f"{error}. Nothing is lost; run this again.") from None
