"""The admin site: for superusers, who log in where everybody does, with their second factors."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.decorators import secure_admin_login
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

# jQuery, which its pages come with, makes markup of texts; scripts still come from this server only.
_WITH_JQUERY = {"require-trusted-types-for": None, "trusted-types": None}


class AdminSite(admin.AdminSite):
    """Django's, with the log-in, the log-out and the password of everybody."""

    site_header = site_title = "DaTtSs"
    index_title = "Administration"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return csp_replace(_WITH_JQUERY)(super().admin_view(view, cacheable))

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().login(request, extra_context)

    @method_decorator(require_POST)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002
        get_adapter(request).logout(request)
        return redirect(settings.LOGOUT_REDIRECT_URL)

    def password_change(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's signature)
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        return redirect("account_change_password")
