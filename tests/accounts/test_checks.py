from types import ModuleType

from django.urls import include, path
from pytest_django import Settings

from accounts.checks import sign_up_opens_an_account


def urls(*patterns: object) -> ModuleType:
    module = ModuleType("urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


def test_the_site_signs_people_up_to_an_account() -> None:
    assert sign_up_opens_an_account() == []


def test_urls_in_the_wrong_order_are_reported(settings: Settings) -> None:
    allauth_first = (path("accounts/", include("allauth.account.urls")), path("", include("accounts.urls")))
    settings.ROOT_URLCONF = urls(*allauth_first)
    assert [found.id for found in sign_up_opens_an_account()] == ["accounts.E001"]
    settings.ROOT_URLCONF = urls(*reversed(allauth_first))
    assert sign_up_opens_an_account() == []
    settings.ROOT_URLCONF = urls()
    assert sign_up_opens_an_account() == []
