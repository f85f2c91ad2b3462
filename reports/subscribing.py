"""Asking for reports, and the link that ends them without a log-in."""

from datetime import datetime

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.http import Http404, HttpRequest
from django.urls import reverse

from accounts import audit, mail
from accounts.access import Access, memberships_of, person_of
from accounts.client_address import address_of
from accounts.models import Membership
from accounts.timezones import zone_or_utc
from reports.models import Subscription
from reports.periods import newest

_signer = Signer(salt="reports.unsubscribe")


def chosen(request: HttpRequest, access: Access) -> str:
    """How often the person of the request is told of the account: a value of `Subscription.Every`."""
    found = Subscription.objects.filter(membership=_membership(request, access)).first()
    return found.every if found else Subscription.Every.NEVER


def choose(request: HttpRequest, access: Access, every: str, now: datetime) -> None:
    """Tells the person of the request so often from now on. The first report is that of the period that runs."""
    membership = _membership(request, access)
    if every == chosen(request, access):
        return
    told = newest("weekly" if every == "weekly" else "daily", now.timestamp(), zone_or_utc(membership.user)).last
    with transaction.atomic():
        Subscription.objects.update_or_create(membership=membership, defaults={"every": every, "told": told})
        audit.record(request, "report.changed", access.account, membership.user.email, every=every or "never")


def unsubscribe_link(subscription: Subscription) -> str:
    """The address that ends these reports; nobody else's can be made from it."""
    return mail.public_link(reverse("report_unsubscribe", args=[_signer.sign(str(subscription.membership_id))]))


def membership_of_link(token: str) -> Membership:
    """Whose reports a link ends. Raises Http404."""
    try:
        number = int(_signer.unsign(token))
    except (BadSignature, ValueError):
        raise Http404 from None
    found = Membership.objects.select_related("user", "account").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def unsubscribe(request: HttpRequest, membership: Membership) -> None:
    """Ends the reports; once more changes nothing."""
    with transaction.atomic():
        running = Subscription.objects.filter(membership=membership).exclude(every=Subscription.Every.NEVER)
        if running.update(every=Subscription.Every.NEVER):
            user, account = membership.user, membership.account
            audit.record_of(user, "report.changed", account, user.email, address_of(request), every="never")


def _membership(request: HttpRequest, access: Access) -> Membership:
    found = memberships_of(person_of(request)).get(access.account.pk)
    if found is None:  # removed meanwhile
        raise Http404
    return found
