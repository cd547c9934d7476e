"""One account and one message per provider, with canaries where nothing may show."""

from importlib import import_module
from types import ModuleType
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.providers.base import OutboundMessage, Provider
from gateways.providers.registry import build, provider_class, provider_classes
from tests.gateways.providers.canaries import (
    EMAIL,
    MESSAGE_ID,
    PHONE,
    PUBLIC_URL,
    STATUS_URL,
    WEBHOOK_URL,
)

ACCOUNTS: dict[str, ModuleType] = {
    slug: import_module(f"tests.gateways.providers.accounts.{slug}") for slug in provider_classes()
}
CONFIGS: dict[str, dict[str, Any]] = {slug: each.CONFIG for slug, each in ACCOUNTS.items()}


URL_FIELDS = ("base_url", "api_url", "url")


ROADS_OVER_HTTP = [
    (slug, channel)
    for slug, cls in provider_classes().items()
    if hasattr(ACCOUNTS[slug], "at") or set(URL_FIELDS) & set(cls.Config.base_fields)
    for channel in cls.channels
]
"""Every provider that is called over HTTP, by whatever library, on each of its channels."""


def at(slug: str, url: str) -> dict[str, Any]:
    """The example configuration, with the provider's service at that address."""
    module = ACCOUNTS[slug]
    if hasattr(module, "at"):
        return module.at(url)
    name = next(name for name in URL_FIELDS if name in provider_class(slug).Config.base_fields)
    return {**CONFIGS[slug], name: url}


def account(slug: str, **changes: Any) -> Provider:
    """The example account of that provider; a changed key that is None is left out."""
    config = {**CONFIGS[slug], **changes}
    config = {name: value for name, value in config.items() if value is not None}
    return build(
        slug, config, webhook_url=WEBHOOK_URL, status_url=STATUS_URL, public_url=PUBLIC_URL
    )


def message(channel: Channel, **changes: Any) -> OutboundMessage:
    """A message that every provider of the channel takes."""
    fields: dict[str, Any] = {
        "id": MESSAGE_ID,
        "channel": channel,
        "uid": "uid-1",
        "ext_user_id": "hhu234556",
        "text": "Best offer ever",
    }
    if channel == Channel.EMAIL:
        fields |= {
            "recipient": Personal(EMAIL),
            "sender": "Amazing <noreply@amazing.co>",
            "subject": "The best offer",
            "html": "<p>Best offer ever</p>",
        }
    elif channel in PHONE_CHANNELS:
        fields |= {"recipient": Personal(PHONE), "sender": "Amazing"}
    else:
        fields["received"] = {
            "ext_user_id": "hhu234556",
            "body": "Best offer ever",
            "im_uid": "uid-1",
            "callback_url": "https://api.smartico.ai/callback",
            "extension": {"title": "Microsoft is raising"},
        }
    return OutboundMessage(**(fields | changes))


def first_message(slug: str) -> OutboundMessage:
    return message(provider_class(slug).channels[0])
