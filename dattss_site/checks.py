"""System checks of the settings: each says in one sentence what to change."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def environment(**_: Any) -> list[CheckMessage]:
    """One error for each environment variable whose value was refused."""
    return [Error(problem, id="dattss.E001") for problem in settings.ENVIRONMENT.problems]
