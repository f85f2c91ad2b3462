"""All URLs of the site."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("stats.urls")),
]

handler400 = "dattss_site.errors.bad_request"
handler403 = "dattss_site.errors.forbidden"
handler404 = "dattss_site.errors.not_found"
handler500 = "dattss_site.errors.failure"
