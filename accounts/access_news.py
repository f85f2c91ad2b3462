"""Tells whoever keeps a connection open that somebody may see an account no more, so that he looks again at once."""

import logging

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from accounts.models import User

logger = logging.getLogger("dattss.accounts")


def group_of(account_id: int) -> str:
    """The channel-layer group of all connections that show an account; they get messages of type `access.changed`."""
    return f"access-{account_id}"


def tell(account_id: int) -> None:
    """Says so, after the transaction that changed it. Where the channel layer is away nobody hears it: connections look
    again by themselves each few seconds."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group_of(account_id), {"type": "access.changed"})
    except (RedisError, OSError, ChannelFull) as problem:
        logger.warning("Open pages of account %s cannot be told that access has changed: %s", account_id, problem)


def tell_of(user: User) -> None:
    """Says so of all accounts of a user, some of whose sessions have ended, or who is shut out."""
    for account_id in user.memberships.values_list("account_id", flat=True):
        tell(account_id)
