"""What people do to endpoints: each checked, done and noted in the audit log in one transaction.

The secret that signs is given to who makes or replaces it, and to nobody later.
"""

from django.db import transaction
from django.http import HttpRequest
from rest_framework.request import Request

from accounts import audit
from accounts.access import Access, lock_account, person_of
from alerts import dependents, endpoints, ways
from alerts.changes import ChangeError
from alerts.endpoints import BadUrl
from alerts.models import Endpoint, EndpointKind

MOST_ENDPOINTS = 50  # of an account


def make_endpoint(request: HttpRequest | Request, access: Access, kind: EndpointKind, name: str, url: str) -> Endpoint:
    """A new endpoint, a webhook with a secret that signs. Raises ChangeError."""
    name, url = _checked_name(name), _checked_url(url)
    with transaction.atomic():
        lock_account(access.account.pk)
        if ways.endpoints_of(access.account).count() >= MOST_ENDPOINTS:
            raise ChangeError("name", f"An account has at most {MOST_ENDPOINTS} endpoints.")
        secret = endpoints.new_secret() if kind == EndpointKind.WEBHOOK else ""
        made = Endpoint.objects.create(
            account=access.account, kind=kind, name=name, url=url, secret=secret, by=person_of(request)
        )
        audit.record(request, "endpoint.made", access.account, made.name)
    return made


def change_endpoint(request: HttpRequest | Request, endpoint: Endpoint, name: str, url: str = "") -> None:
    """Another name and, where one is given, another URL. Raises ChangeError."""
    endpoint.name = _checked_name(name)
    endpoint.url = _checked_url(url) if url else endpoint.url
    with transaction.atomic():
        endpoint.save(update_fields=["name", "url"])
        audit.record(request, "endpoint.changed", endpoint.account, endpoint.name)


def replace_secret(request: HttpRequest | Request, endpoint: Endpoint) -> str:
    """Another secret, which is returned: what is sent from now on is signed with it. Raises ChangeError."""
    if endpoint.kind != EndpointKind.WEBHOOK:
        raise ChangeError("kind", "Only what webhooks get is signed.")
    endpoint.secret = endpoints.new_secret()
    with transaction.atomic():
        endpoint.save(update_fields=["secret"])
        audit.record(request, "endpoint.secret_replaced", endpoint.account, endpoint.name)
    return endpoint.secret


def delete_endpoint(request: HttpRequest | Request, endpoint: Endpoint) -> None:
    """The endpoint is gone: steps to it are passed over. Raises ChangeError where rules would then tell nobody."""
    with transaction.atomic():
        lock_account(endpoint.account_id)
        mute = dependents.of_endpoint(endpoint).mute
        if mute:
            raise ChangeError("name", f"{dependents.named(mute)} would tell nobody. Change how they tell first.")
        audit.record(request, "endpoint.deleted", endpoint.account, endpoint.name)
        endpoint.delete()


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise ChangeError("name", "An endpoint needs a name of up to 80 letters.")
    return name


def _checked_url(url: str) -> str:
    try:
        return endpoints.check_url(url.strip())
    except BadUrl as error:
        raise ChangeError("url", error.sentence) from error
