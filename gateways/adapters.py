"""The adapter of a configured gateway."""

from django.conf import settings

from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import Provider
from gateways.providers.registry import build
from gateways.values import GatewayValues

_kept: dict[int, tuple[GatewayValues, Provider]] = {}


def webhook_url(token: str) -> str:
    """Where a provider reports to. The token in it is a credential."""
    return f"{settings.PUBLIC_URL}/callbacks/webhooks/{token}"


def status_url(token: str) -> str:
    """Where a notification centre reports to in Smartico's own protocol."""
    return f"{settings.PUBLIC_URL}/callbacks/status/{token}"


def new_adapter(gateway: GatewayValues) -> Provider:
    """An adapter of one's own, to be closed after use."""
    token = gateway.token.reveal()
    config = gateway.config.reveal() if gateway.config else {}
    return build(
        gateway.provider,
        config,
        webhook_url=webhook_url(token),
        status_url=status_url(token),
        public_url=settings.PUBLIC_URL,
    )


def address_channel(gateway: GatewayValues) -> Channel | None:
    """The channel whose address this gateway's messages go to; None where they need none."""
    if gateway.channel != Channel.CUSTOM_IM:
        return gateway.channel
    return adapter_of(gateway).address_channel(gateway.channel)


def adapter_of(gateway: GatewayValues) -> Provider:
    """The process's adapter for everything but sending: checks of content, webhooks."""
    kept = _kept.get(gateway.id)
    if kept is None or kept[0] is not gateway:
        kept = _kept[gateway.id] = (gateway, new_adapter(gateway))
    return kept[1]
