"""`manage.py account_create`: a user with an account and keys, without a browser."""

import json
import secrets
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.keys import make_key
from accounts.models import Account, Scope, User
from accounts.opening import OpenedAccount, open_account

PASSWORD_BYTES = 15


class Command(BaseCommand):
    help = "Makes a user, an account of that user, and one key each to send and to read. The keys are shown only here."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address that the user logs in with")
        parser.add_argument("--name", default="", help="the account's name (default: the address up to the @)")
        parser.add_argument("--password", help="the user's password (default: one is made and shown)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        email = _checked_email(options["email"])
        name = _checked_name(options["name"])
        given = options["password"]
        if given == "":
            raise CommandError("The password must not be empty.")
        password = given or secrets.token_urlsafe(PASSWORD_BYTES)
        opened, read_key = _create(email, name, password)
        made = {"account": opened.account.pk, "key": opened.raw, "read_key": read_key}
        if not given:
            made["password"] = password
        self.stdout.write(json.dumps(made) if options["json"] else _as_text(email, opened.account, made))


def _checked_email(text: str) -> str:
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"'{text}' is not an e-mail address.") from error
    if len(email) > (User._meta.get_field("email").max_length or 0):
        raise CommandError("The e-mail address is too long.")
    return email


def _checked_name(name: str) -> str:
    longest = Account._meta.get_field("name").max_length or 0
    if len(name) > longest:
        raise CommandError(f"The account's name may have {longest} characters, not {len(name)}.")
    return name


def _create(email: str, name: str, password: str) -> tuple[OpenedAccount, str]:
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password)
            # Whoever runs commands on the server vouches for the address.
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            opened = open_account(user, name)
            _, read_key = make_key(opened.account, "First read key", Scope.READ, user)
    except IntegrityError as error:
        raise CommandError(f"There is a user '{email}' already.") from error
    return opened, read_key


def _as_text(email: str, account: Account, made: dict[str, Any]) -> str:
    lines = [
        f"Made the account {account.pk}, {account.name}, of {email}.",
        f"Key to send values:  {made['key']}",
        f"Key to read values:  {made['read_key']}",
    ]
    if "password" in made:
        lines.append(f"Password:            {made['password']}")
    return "\n".join([*lines, "The keys are shown only this once."])
