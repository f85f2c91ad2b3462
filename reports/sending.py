"""Sends the reports that are due. A report is sent at most once.

A worker claims it before it sends: one UPDATE that succeeds only for the first, and only while the account is open and
the person belongs to it. One that is killed after that has perhaps not sent it; that report is lost, and the next one
comes. Where the mail server has said no, or there was none, the claim is given back and the next hour tries again.
"""

import logging
from collections.abc import Iterator
from datetime import date

from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import mail
from accounts.delivery import NotNow, Refused
from accounts.models import Account
from accounts.routing import shard_of
from accounts.timezones import zone_or_utc
from reports.content import Content, content
from reports.models import Subscription
from reports.periods import Every, Period, newest
from reports.plain import one_line
from reports.reading import facts
from reports.subscribing import unsubscribe_link
from stats.engine_call import EngineError
from stats.storage.packed_file import DamagedPackError

log = logging.getLogger("dattss.reports")

Contents = dict[tuple[int, Period], Content | None]


def send_due(shard: int, now: float) -> int:
    """Sends what is due of the accounts of a shard at the Unix time `now`; returns how many mails that were.

    What cannot be read is tried again by the next run, and keeps nobody else's report from being sent.
    """
    contents: Contents = {}
    sent = 0
    for subscription, period in due(shard, now):
        account = subscription.membership.account
        if (account.pk, period) not in contents:
            contents[account.pk, period] = _content(account, period, now)
        found = contents[account.pk, period]
        try:
            sent += found is not None and send_report(subscription, period, found)
        except NotNow:  # as likely for the others
            break
    return sent


def due(shard: int, now: float) -> Iterator[tuple[Subscription, Period]]:
    """Whose newest period has not been told yet; an account that moves waits until it is there."""
    running = _open().exclude(every=Subscription.Every.NEVER).select_related("membership__account", "membership__user")
    for subscription in running.filter(membership__account__moving_to=None).order_by("membership__account_id", "pk"):
        if shard_of(subscription.membership.account) != shard:
            continue
        period = newest(_every(subscription), now, zone_or_utc(subscription.membership.user))
        if subscription.told < period.last:
            yield subscription, period


def _open() -> QuerySet[Subscription]:
    """The subscriptions of people who can look at the account now."""
    return Subscription.objects.filter(membership__account__closed=None, membership__user__is_active=True)


def _every(subscription: Subscription) -> Every:
    return "weekly" if subscription.every == Subscription.Every.WEEKLY else "daily"


def _content(account: Account, period: Period, now: float) -> Content | None:
    """What is to be said; None where it cannot be known now."""
    try:
        return content(facts(account, period, now), period)
    except (EngineError, OSError, DamagedPackError) as problem:
        log.warning("The report of account %s cannot be made now; trying again in an hour. %s", account.pk, problem)
        return None


def send_report(subscription: Subscription, period: Period, found: Content) -> bool:
    """Claims and sends a report; a day without anything to tell is only claimed. Returns whether a mail was sent.

    Raises NotNow where nobody knows whether it was.
    """
    before = subscription.told
    if not _claim(subscription, before, period.last):
        return False
    if found.quiet and _every(subscription) == "daily":
        return False
    try:
        mail.deliver(message(subscription, found))
    except Refused:
        log.warning("The mail server refuses a report of account %s.", subscription.membership.account_id)
        return False
    except NotNow as problem:
        if not problem.answered:
            raise
        _claim(subscription, period.last, before)
        return False
    return True


def _claim(subscription: Subscription, before: date, after: date) -> bool:
    """Says what has been told, as long as it was `before` and is still asked for; returns whether that was so."""
    same = _open().filter(pk=subscription.pk, told=before, every=subscription.every)
    return same.update(told=after) == 1


def message(subscription: Subscription, found: Content) -> EmailMultiAlternatives:
    """The mail: plain text, HTML, and headers by which mail programs offer to end it (RFC 2369, RFC 8058)."""
    account, user = subscription.membership.account, subscription.membership.user
    link = unsubscribe_link(subscription)
    context = {
        "name": one_line(account.name),
        "found": found,
        "every": subscription.get_every_display().lower(),
        "sections": [(section, _page(section.page, account)) for section in found.sections],
        "zone": zone_or_utc(user).key,
        "dashboard": _page("dashboard", account),
        "settings": _page("account_report", account),
        "unsubscribe": link,
    }
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    subject = f"DaTtSs: {context['name']}, {found.days}: {found.summary}"
    text = render_to_string("reports/report.txt", context).strip() + "\n"
    made = EmailMultiAlternatives(subject, text, to=[user.email], headers=headers)
    made.attach_alternative(render_to_string("reports/report.html", context), "text/html")
    return made


def _page(name: str, account: Account) -> str:
    return mail.public_link(reverse(name, args=[account.pk]))
