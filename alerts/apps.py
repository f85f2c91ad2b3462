from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import canary  # noqa: PLC0415  (needs the loaded models)
        from stats import health  # noqa: PLC0415

        health.further.append(canary.problem)
