"""Who belongs to an account, and who is invited."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import enter


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def people(request: HttpRequest, account_id: int) -> HttpResponse:
    """Who belongs to an account, and who is invited."""
    access = enter(request, account_id)
    return render(request, "accounts/people.html", {"account": access.account, "access": access})
