"""How pages show a moment."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def moment(value: datetime) -> SafeString:
    """A `<time>` such as `2026-11-24 19:15 CET`, in the zone of the person whose page it is (`PersonalTimeZone`)."""
    text = f"{timezone.localtime(value):%Y-%m-%d %H:%M %Z}"
    return format_html('<time datetime="{}" data-moment>{}</time>', value.isoformat(), text)
