"""A person's own settings."""

from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.access import person_of


def change_profile(request: HttpRequest, **wanted: str) -> None:
    """Stores valid fields of the person of the request, as `ProfileForm` has them, and notes which became another."""
    person = person_of(request)
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(person, name, value)
    with transaction.atomic():
        person.save(update_fields=list(changed))
        audit.record(request, "profile.changed", None, person.email, **changed)
