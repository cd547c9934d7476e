"""What this floor tells the one above it."""

from django.dispatch import Signal

statuses_recorded = Signal()
"""Sent inside the recording transaction with `events`: the new StatusEvents to be reported,
each with its `message`, in the order in which they are to be told. `quiet` are those that are new
and not to be reported. Of the messages in `heard_of`, ids, something was known before."""

messages_outlived = Signal()
"""Sent inside the pruning transaction with `message_ids` of messages whose details are to go. Who
listens removes its own rows of them, and answers the set of those that it still needs whole."""
