"""E-mail addresses: who has the better claim to one, and for how long an unconfirmed one is kept."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User

UNCONFIRMED_DAYS = 30  # the link of the mail works for 3; each log-in sends another one


def is_free(email: str, user: User) -> bool:
    """Whether `user`, who has just shown that he reads the mail of `email`, can have it as his own.

    Whoever signed up with it and never confirmed it gives way: that user has nothing that could be lost, and anybody
    could keep anybody else's address by signing up with it.
    """
    others = User.objects.filter(email=email).exclude(pk=user.pk)
    _never_confirmed(others).delete()
    return not others.exists()


def forget_unconfirmed(now: datetime) -> int:
    """Removes the people who signed up more than `UNCONFIRMED_DAYS` ago and never confirmed it; returns how many."""
    old = User.objects.filter(created__lt=now - timedelta(days=UNCONFIRMED_DAYS), is_superuser=False)
    return _never_confirmed(old).delete()[1].get(User._meta.label, 0)


def _never_confirmed(people: QuerySet[User]) -> QuerySet[User]:
    """Those of them who have no confirmed address, and so no account: they have never logged in."""
    return people.filter(memberships=None).exclude(emailaddress__verified=True)
