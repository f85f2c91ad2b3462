"""From signing up to the own account, which is opened once the address is confirmed."""

from django.http import HttpRequest, HttpResponseBase

from accounts.keys_once import hand_over
from accounts.models import User
from accounts.opening import OpenedAccount, open_first_account

TEAM = "sign_up_team"


def remember_team(request: HttpRequest, name: str) -> None:
    """Keeps the team's name, which the account will be named after, until somebody logs in with this browser."""
    request.session[TEAM] = name


def open_for_newcomer(request: HttpRequest, user: User) -> OpenedAccount | None:
    """The account of somebody who has just logged in for the first time; None for whoever has a place already.

    Logged in, the person has a confirmed address. In another browser than that of the sign-up the team's name is not
    known, and the account is named after the address.
    """
    return open_first_account(user, request.session.pop(TEAM, ""))


def show_first_key(response: HttpResponseBase, opened: OpenedAccount) -> None:
    """Lets the dashboard of the new account show its first key once."""
    hand_over(response, opened.key, opened.raw)
