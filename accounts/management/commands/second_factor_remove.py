"""`manage.py second_factor_remove`: lets somebody in again who has lost phone, keys and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.audit import record_of
from accounts.models import User
from accounts.second_factor import name_of


class Command(BaseCommand):
    help = "Removes all second factors of a user, so that the password alone logs in. First make sure who asks for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the user logs in with")

    def handle(self, *_: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(f"There is no user '{email}'.")
        factors = Authenticator.objects.filter(user=user)
        if not factors:
            raise CommandError(f"{email} has no second factor.")
        with transaction.atomic():
            for factor in factors:
                record_of(user, "second_factor.removed", None, name_of(factor), None, type=factor.type, by="server")
            factors.delete()
        self.stdout.write(f"{email} logs in with the password alone from now on.")
