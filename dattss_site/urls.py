"""All URLs of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("stats.urls")),
    path("", include("alerts.urls")),
    path("", include("reports.urls")),
]
if settings.DATTSS_ADMIN:
    urlpatterns.append(path("admin/", admin.site.urls))

handler400 = "dattss_site.errors.bad_request"
handler403 = "dattss_site.errors.forbidden"
handler404 = "dattss_site.errors.not_found"
handler500 = "dattss_site.errors.failure"
