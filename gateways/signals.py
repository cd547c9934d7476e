"""What the configuration's models tell the rest of this floor."""

from django.dispatch import Signal

configuration_changed = Signal()
"""Sent at every write to a label, brand, key, template or gateway, inside its transaction."""

gateway_broke = Signal()
"""Sent with `gateway_id` and `reason`, inside the transaction, when nothing is sent through a
gateway any more because its provider does not answer; once, until it has recovered."""

gateway_recovered = Signal()
"""Sent with `gateway_id`, inside the transaction, when it is used again."""

gateway_paused = Signal()
"""Sent with `gateway_id` and `reason`, inside the transaction, when its account was found to be at
fault and it waits for a person."""
