"""Who did what in an account."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import enter


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def audit_log(request: HttpRequest, account_id: int) -> HttpResponse:
    """Who did what in an account."""
    access = enter(request, account_id)
    return render(request, "accounts/audit_log.html", {"account": access.account, "access": access})
