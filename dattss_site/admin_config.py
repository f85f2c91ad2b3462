"""The admin site as an application, installed with `DATTSS_ADMIN=1`."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig


class AdminConfig(SimpleAdminConfig):
    """Django's admin with our own site. It shows what `accounts.admin` registers and nothing of other applications:
    allauth would show what second factors keep."""

    default_site = "dattss_site.admin_site.AdminSite"

    def ready(self) -> None:
        super().ready()
        import_module("accounts.admin")
