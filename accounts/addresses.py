"""E-mail addresses: who has the better claim to one."""

from accounts.models import User


def is_free(email: str, user: User) -> bool:
    """Whether `user`, who has just shown that he reads the mail of `email`, can have it as his own.

    Whoever signed up with it and never confirmed it gives way: that user has nothing that could be lost, and anybody
    could keep anybody else's address by signing up with it.
    """
    others = User.objects.filter(email=email).exclude(pk=user.pk)
    others.filter(memberships=None).exclude(emailaddress__verified=True).delete()
    return not others.exists()
