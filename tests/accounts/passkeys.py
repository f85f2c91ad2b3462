"""A passkey as it is kept once a browser has made it."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

ID = b"\x07" * 16


def credential() -> dict[str, Any]:
    """What the browser's answer to a registration looks like; the private half is thrown away."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    attested = AttestedCredentialData.create(Aaguid.NONE, ID, public)
    told = AuthenticatorData.create(b"\x00" * 32, flags, 0, attested)
    client = {"type": "webauthn.create", "challenge": websafe_encode(b"c"), "origin": "https://stats.example.org"}
    return {
        "id": websafe_encode(ID),
        "rawId": websafe_encode(ID),
        "type": "public-key",
        "clientExtensionResults": {"credProps": {"rk": True}},
        "response": {
            "clientDataJSON": websafe_encode(json.dumps(client).encode()),
            "attestationObject": websafe_encode(bytes(AttestationObject.create("none", told, {}))),
        },
    }
