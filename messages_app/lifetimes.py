"""How long messages may wait before they expire."""

from datetime import timedelta

from gateway_project.lib.vocabulary import Channel
from gateways.values import GatewayValues

USUAL = dict.fromkeys(Channel, timedelta(days=1)) | {Channel.EMAIL: timedelta(days=3)}
"""Where the gateway says nothing."""


def lifetime(gateway: GatewayValues, channel: Channel) -> timedelta:
    """Of a message that is queued at this gateway now."""
    seconds = gateway.expires_after
    return timedelta(seconds=seconds) if seconds else USUAL[channel]
