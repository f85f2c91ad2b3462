"""Pages of the stats, and the client packages."""

from urllib.parse import urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access, keys_once
from accounts.keys import live_keys
from accounts.models import Scope
from stats.engine_call import EngineError
from stats.usage import live_usage, stored_usage
from stats.usage_rows import live_rows, stored_rows


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The landing page; whoever is logged in goes on to the dashboard, or to where he can open an account."""
    account = access.current_account(request)
    if account is not None:
        return redirect("dashboard", account_id=account.pk)
    if request.user.is_authenticated:
        return redirect("accounts")
    return render(request, "landing.html", {"public_url": settings.PUBLIC_URL})


@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """DaTtSs watching itself: account 0, for everybody."""
    return render(request, "stats/dashboard.html", _dashboard(0, "/ws/demo/", demo=True))


@require_safe
@login_required
@never_cache
def dashboard(request: HttpRequest, account_id: int) -> HttpResponse:
    """The live page of an account; right after sign-up it shows the first key, once."""
    granted = access.enter(request, account_id)
    newest = live_keys(timezone.now()).filter(account_id=account_id, scope=Scope.INGEST).order_by("-pk").first()
    new = keys_once.new_key_from(request, account_id)
    context = _dashboard(account_id, f"/ws/live/?account={account_id}", demo=False) | {
        "new_key": new.raw if new else None,
        "key_hint": f"{newest.prefix}…" if newest else None,
        "can_write": granted.can_write,
    }
    response = render(request, "stats/dashboard.html", context)
    keys_once.forget_new_key(response, account_id)
    return response


@require_safe
@login_required
def processes(request: HttpRequest, account_id: int) -> HttpResponse:
    """Every process of an account with its health."""
    granted = access.enter(request, account_id)
    return render(request, "stats/processes.html", _live(account_id) | {"can_write": granted.can_write})


@require_safe
@login_required
def errors(request: HttpRequest, account_id: int) -> HttpResponse:
    """Errors as they happen."""
    return _events(request, account_id, "error")


@require_safe
@login_required
def warnings(request: HttpRequest, account_id: int) -> HttpResponse:
    """Warnings as they happen."""
    return _events(request, account_id, "warning")


@require_safe
@csp_replace({"require-trusted-types-for": None, "trusted-types": None})  # Swagger UI makes markup of texts
def api_docs(request: HttpRequest) -> HttpResponse:
    """The API to be read and tried, in Swagger UI."""
    return render(request, "stats/api_docs.html")


@require_safe
@login_required
@never_cache
def usage(request: HttpRequest, account_id: int) -> HttpResponse:
    """How much of its limits an account uses."""
    granted = access.enter(request, account_id)
    try:
        live = live_rows(live_usage(granted.account))
    except EngineError:
        live = None
    context = {"account": granted.account, "access": granted, "live": live}
    return render(request, "stats/usage.html", context | {"stored": stored_rows(stored_usage(granted.account))})


@require_safe
def client_package(request: HttpRequest, name: str) -> FileResponse:  # noqa: ARG001  (Django's signature)
    """The client libraries, for `pip install URL` and `npm install URL`."""
    packages = {path.name: path for path in settings.CLIENT_PACKAGES.glob("dattss-*")}
    if name not in packages:
        raise Http404
    return FileResponse(packages[name].open("rb"), as_attachment=True)


def _events(request: HttpRequest, account_id: int, level: str) -> HttpResponse:
    granted = access.enter(request, account_id)
    return render(request, "stats/events.html", _live(account_id) | {"level": level, "can_write": granted.can_write})


def _dashboard(account_id: int, live_url: str, *, demo: bool) -> dict[str, object]:
    return _live(account_id) | {
        "live_url": live_url,
        "demo": demo,
        "new_key": None,
        "key_hint": None,
        "can_write": False,
    }


def _live(account_id: int) -> dict[str, object]:
    return {
        "account_id": account_id,
        "live_url": f"/ws/live/?account={account_id}",
        "history_url": "/api/v1/stats/",
        "public_url": settings.PUBLIC_URL,
        "udp_host": urlsplit(settings.PUBLIC_URL).hostname,
        "udp_port": settings.UDP_PORT,
    }
