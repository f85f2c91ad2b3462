"""The session of a connection that stays open for long."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from channels.auth import get_user
from django.conf import settings


async def renewed(scope: Mapping[str, Any]) -> dict[str, Any]:
    """The scope of a websocket with its session and user as they are now, not as they were when it was opened."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    fresh = {**scope, "session": store(scope["session"].session_key)}
    fresh["user"] = await get_user(cast(Any, fresh))
    return fresh
