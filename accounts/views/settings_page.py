"""The answer of every settings page: what its frame shows of the account, and what is its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import Access


def settings_page(request: HttpRequest, access: Access, template: str, **own: object) -> HttpResponse:
    """The `template` with the account, what the person may do there, and the page's `own` values."""
    return render(request, template, {"account": access.account, "access": access, **own})
