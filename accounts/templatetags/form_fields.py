"""How templates draw a form's fields."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def without_placeholder(field: BoundField) -> SafeString:
    """The field's input without the placeholder that repeats its label (allauth's forms have one in each field)."""
    return field.as_widget(attrs={"placeholder": False})
