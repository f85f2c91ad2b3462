"""The channel layer that the settings name; there always is one."""

from typing import cast

from channels.layers import BaseChannelLayer, get_channel_layer


def channel_layer() -> BaseChannelLayer:
    """The default channel layer."""
    return cast(BaseChannelLayer, get_channel_layer())
