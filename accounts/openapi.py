"""How the OpenAPI document describes read keys."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ReadKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no types
    """`Authorization: Bearer READ_KEY`."""

    target_class = "accounts.authentication.ReadKeyAuthentication"
    name = "readKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002  (spectacular's signature)
        return {"type": "http", "scheme": "bearer", "description": "A read key of the account, from its keys page."}
