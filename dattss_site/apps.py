from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "dattss_site"

    def ready(self) -> None:
        from dattss_site import checks  # noqa: F401, PLC0415  (registers the checks; needs the loaded app registry)
