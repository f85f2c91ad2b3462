from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import log_in_events, openapi  # noqa: F401, PLC0415  (both register themselves when imported)
