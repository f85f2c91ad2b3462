"""Who answers what: `/agg` its short lane, other HTTP Django, websockets and the engine's channel Channels."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dattss_site.settings")
_django = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  (needs the loaded app registry)
from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from stats import http  # noqa: E402
from stats.consumers import EngineConsumer, engine_channel  # noqa: E402
from stats.urls import websocket_urlpatterns  # noqa: E402

_protocols = ProtocolTypeRouter(
    {
        "http": _django,
        "websocket": AuthMiddlewareStack(URLRouter(websocket_urlpatterns)),
        "channel": ChannelNameRouter({engine_channel(settings.DATTSS_SHARD): EngineConsumer.as_asgi()}),
    }
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application of the site."""
    if scope["type"] == "http" and scope["path"] == http.PATH:
        await http.agg(scope, receive, send)
    else:
        await _protocols(scope, receive, send)
