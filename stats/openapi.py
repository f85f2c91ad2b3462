"""Describes commits in the OpenAPI document from the very structs that decode them."""

from typing import Any

import msgspec

from stats.aggregation.commit import Commit


def add_commit_schema(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: ARG001
    """A postprocessing hook of drf-spectacular: puts the schemas of a commit and its parts among the components."""
    _, components = msgspec.json.schema_components([Commit], ref_template="#/components/schemas/{name}")
    result["components"].setdefault("schemas", {}).update(components)
    return result
