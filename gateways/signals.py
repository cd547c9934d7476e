"""What the configuration's models tell the rest of this floor."""

from django.dispatch import Signal

configuration_changed = Signal()
"""Sent at every write to a label, brand, key, template or gateway, inside its transaction."""

gateway_broke = Signal()
"""Sent with `reasons`, by gateway id, when nothing is sent through these gateways any more because
their providers do not answer; once, until they have recovered."""

gateway_recovered = Signal()
"""Sent with `gateway_ids` when they are used again."""

gateway_paused = Signal()
"""Sent with `reasons`, by gateway id, when these gateways' accounts were found to be at fault and
they wait for a person."""

# These three are sent when the transaction is through, so that nobody is told of what was taken
# back; who answers one and fails fails alone.
