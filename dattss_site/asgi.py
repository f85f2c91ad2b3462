"""Who answers what: `/agg` and the health checks short lanes of their own, other HTTP Django, websockets and the
engine's channel Channels."""

import os
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dattss_site.settings")
_django = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402  (needs the loaded app registry)
from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from dattss_site.without_nul import without_nul  # noqa: E402
from stats import health, http  # noqa: E402
from stats.engine_channel import engine_channel  # noqa: E402
from stats.engine_consumer import EngineConsumer  # noqa: E402
from stats.urls import websocket_urlpatterns  # noqa: E402


async def _nowhere(_scope: Any, _receive: Any, send: Any) -> None:
    """Refuses a websocket to an unknown path; without this the handshake would fail with 500."""
    await send({"type": "websocket.close"})


_anywhere_else: Any = re_path("", cast(Any, _nowhere))
lanes = {http.PATH: http.agg, **health.PATHS}
_protocols = ProtocolTypeRouter(
    {
        "http": without_nul(cast(Any, _django)),
        "websocket": without_nul(cast(Any, AuthMiddlewareStack(URLRouter([*websocket_urlpatterns, _anywhere_else])))),
        "channel": ChannelNameRouter(
            {engine_channel(shard): EngineConsumer.as_asgi() for shard in range(settings.DATTSS_SHARDS)}
        ),
    }
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application of the site."""
    lane = lanes.get(scope["path"], _protocols) if scope["type"] == "http" else _protocols
    await lane(scope, receive, send)
