from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import checks, openapi  # noqa: F401, PLC0415  (both register themselves once they are imported)
