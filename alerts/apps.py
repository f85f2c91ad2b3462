from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import canary, trial_on_files  # noqa: PLC0415  (needs the loaded models)
        from stats import health, owned  # noqa: PLC0415

        health.further.append(canary.problem)
        owned.questions[trial_on_files.NAME] = trial_on_files.answer
