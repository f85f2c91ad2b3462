"""What other apps may listen to."""

from django.dispatch import Signal

# Sent after the commit of a transaction that made or revoked a key. Arguments: account_id (int).
keys_changed = Signal()
