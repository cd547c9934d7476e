"""What this floor tells the one above it."""

from django.dispatch import Signal

statuses_recorded = Signal()
"""Sent inside the recording transaction with `events`: the new StatusEvents to be reported,
each with its `message` loaded, in the order in which they are to be told."""
