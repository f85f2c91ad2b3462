"""Second factors as this site has them: how their secrets are kept, whom passkeys are for, what they are called."""

import base64
import logging
import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts import mail
from accounts.models import User

SALT = "accounts.second_factor"
_NAMES = {Authenticator.Type.TOTP.value: "authenticator app", Authenticator.Type.RECOVERY_CODES.value: "recovery codes"}
logger = logging.getLogger("dattss.accounts")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Binds passkeys to the host of PUBLIC_URL, whatever the request's Host header says, and keeps the secrets of codes
    so that a copy of the database is not enough to make codes."""

    error_messages = DefaultMFAAdapter.error_messages | {"unknown_passkey": "This passkey is not known here."}

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret. Where SECRET_KEY is another one by now, a new secret that nobody has: no code fits it."""
        try:
            return _box().decrypt(encrypted_text).decode()
        except InvalidToken:
            logger.error("A second factor cannot be read: it was set up under another SECRET_KEY.")  # noqa: TRY400
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": mail.site().name}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002  (allauth's name)
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"


def name_of(factor: Authenticator) -> str:
    """What people call it: a passkey has the name that they gave it."""
    return _NAMES.get(factor.type) or str(factor)


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


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [salted_hmac(SALT, "", secret=key, algorithm="sha256").digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
