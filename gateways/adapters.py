"""The adapter of a configured gateway."""

from django.conf import settings

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
        gateway.provider, config, webhook_url=webhook_url(token), status_url=status_url(token)
    )


def adapter_of(gateway: GatewayValues) -> Provider:
    """The process's adapter for everything but sending: checks of content, webhooks."""
    kept = _kept.get(gateway.id)
    if kept is None or kept[0] is not gateway:
        kept = _kept[gateway.id] = (gateway, new_adapter(gateway))
    return kept[1]
