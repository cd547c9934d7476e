"""What the configuration's models tell the rest of this floor."""

from django.dispatch import Signal

configuration_changed = Signal()
"""Sent at every write to a label, brand, key, template or gateway, inside its transaction."""
