"""Second factors as this site has them: whom passkeys are for, and what they are called."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts import mail
from accounts.models import User


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Binds passkeys to the host of PUBLIC_URL, whatever the request's Host header says."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": mail.site().name}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002  (allauth's name)
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"


def passkeys_possible() -> bool:
    """Whether browsers allow passkeys here: on a host with a name, over TLS or on this very machine."""
    public = urlsplit(settings.PUBLIC_URL)
    host = public.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return public.scheme == "https"
    return False
