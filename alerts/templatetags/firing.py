"""What the top bar of every page says of alerts."""

from django import template

from accounts.models import Account
from alerts.incident_lists import firing

register = template.Library()


@register.filter
def firing_count(account: Account) -> int:
    """How many incidents of the account nobody has acknowledged."""
    return firing(account).count()
