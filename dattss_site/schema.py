"""How operations of the API are named in the OpenAPI document."""

import re

from drf_spectacular.openapi import AutoSchema


class PathSchema(AutoSchema):
    """Names an operation after its whole path, parameters included: `errors_key_get` for `errors/{key}/`."""

    def get_operation_id(self) -> str:
        words = re.findall(r"[a-z_]+", self.path.removeprefix("/api/v1/"))
        return "_".join([*words, self.method.lower()])
