"""One account and one message per provider, with canaries where nothing may show."""

import base64
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from gateways.providers.base import OutboundMessage, Provider
from gateways.providers.registry import build, provider_class

MESSAGE_ID = "01981f7a-0000-7000-8000-000000000001"
EMAIL = "canary@mailbox.example"
PHONE = "+4915112345678"
CANARY = "canary-of-a-secret-that-nobody-may-see"
WEBHOOK_URL = "https://gateway.example/callbacks/webhooks/token"
STATUS_URL = "https://gateway.example/callbacks/status/token"

CONFIGS: dict[str, dict[str, Any]] = {
    "sandbox": {},
    "smtp": {
        "host": "mail.example",
        "port": 587,
        "security": "starttls",
        "username": "amazing",
        "password": CANARY,
    },
    "custom_im_http": {
        "url": "https://centre.example/messages",
        "authorization": CANARY,
        "headers": {"X-Tenant": CANARY},
    },
    "webex_connect": {
        "base_url": "https://api.us.webexconnect.io",
        "service_key": CANARY,
        "webhook_secret": CANARY,
    },
}
WEBEX_BY_TOKEN = {
    "base_url": "https://api.us.webexconnect.io",
    "service_id": "service-1",
    "service_secret": base64.b64encode(CANARY.encode()).decode(),
}


def account(slug: str, **changes: Any) -> Provider:
    """The example account of that provider; a changed key that is None is left out."""
    config = {**CONFIGS[slug], **changes}
    config = {name: value for name, value in config.items() if value is not None}
    return build(slug, config, webhook_url=WEBHOOK_URL, status_url=STATUS_URL)


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
