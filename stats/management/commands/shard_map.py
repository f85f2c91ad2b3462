"""`manage.py shard_map`: which account is on which shard, as `deploy/nginx.conf` reads it."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Account
from accounts.routing import shard_of


class Command(BaseCommand):
    help = "Prints a line `ACCOUNT shardN;` for each account: the body of a map of nginx."

    def handle(self, *_: Any, **__: Any) -> None:
        for account in Account.objects.only("pk", "shard").order_by("pk").iterator():
            self.stdout.write(f"{account.pk} shard{shard_of(account)};")
