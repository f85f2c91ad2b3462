"""All routes of the site, as its resolver has them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.)*\)")
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def site_routes() -> list[str]:
    """Each route's path, without the leading slash, its parameters as `<name>`."""
    return sorted({_readable(route) for route in _walk(get_resolver().url_patterns, "")})


def parameters(route: str) -> list[str]:
    """The names of a route's parameters."""
    return _PARAMETER.findall(route)


def fill(route: str, values: Mapping[str, str]) -> str:
    """The URL path of a route with `values` in the place of its parameters."""
    return "/" + _PARAMETER.sub(lambda found: values[found[1]], route)


def _walk(patterns: list[Any], prefix: str) -> Iterator[str]:
    for found in patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from _walk(found.url_patterns, path)
        elif isinstance(found, URLPattern):
            yield path


def _readable(route: str) -> str:
    return re.sub(r"\\Z|[\^$]", "", _PARAMETER.sub(r"<\1>", _GROUP.sub(r"<\1>", route)))
