"""Open pages are told that incidents began, were acknowledged or are over."""

from collections.abc import Sequence
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction

from accounts.models import Account
from accounts.timezones import UTC
from alerts.incident_lists import firing, of_account
from alerts.marks import mark_of
from alerts.models import Incident
from stats.aside import tell_pages

MOST_TOLD = 20  # incidents of one message; of a storm the newest are told, and pages ask for the rest


def tell_after_commit(incidents: Sequence[Incident]) -> None:
    """Tells of these incidents of one account once the transaction that changes them is through. Times in their
    sentences are UTC: a page that wants them in its reader's zone asks for its marks."""
    if incidents:
        numbers = sorted((one.number for one in incidents), reverse=True)
        # What is stored stays so, and is answered so, where no page can be told of it.
        transaction.on_commit(partial(_tell, incidents[0].account_id, numbers), robust=True)


def _tell(account_id: int, numbers: list[int]) -> None:
    account = Account(pk=account_id)
    rows = of_account(account).filter(number__in=numbers[:MOST_TOLD]).order_by("-number")
    told = [mark_of(one, ZoneInfo(UTC)) for one in rows]
    if told:
        message = {"type": "alert", "firing": firing(account).count(), "more": len(numbers) > MOST_TOLD}
        tell_pages(account_id, {**message, "alerts": msgspec.to_builtins(told)})
