"""System checks of the settings: each says in one sentence what to change."""

from typing import Any

import phonenumbers
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def environment(**_: Any) -> list[CheckMessage]:
    """One error for each environment variable whose value was refused."""
    return [Error(problem, id="dattss.E001") for problem in settings.ENVIRONMENT.problems]


@register()
def countries_have_telephones(**_: Any) -> list[CheckMessage]:
    """An error where DATTSS_PHONE_COUNTRIES names what is no country: none of its numbers would ever be accepted."""
    unknown = sorted(settings.DATTSS_PHONE_COUNTRIES - phonenumbers.SUPPORTED_REGIONS)
    if not unknown:
        return []
    named = ", ".join(unknown)
    return [Error(f"DATTSS_PHONE_COUNTRIES names {named}, which no country has as its code.", id="dattss.E002")]
