"""How a message is written for Infobip, by channel. Numbers go without their plus, as theirs do."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateways.providers.errors import GatewayMisconfigured, MessageRejected
from gateways.providers.values import OutboundMessage
from gateways.providers.whatsapp_bodies import as_parameter, template_of

LONGEST_VALIDITY_SECONDS = 48 * 3600


def sms(message: OutboundMessage, config: Mapping[str, Any], webhook_url: str) -> dict[str, Any]:
    return _addressed(message, {"text": message.text}, webhook_url)


def viber(message: OutboundMessage, config: Mapping[str, Any], webhook_url: str) -> dict[str, Any]:
    written = _addressed(message, {"type": "TEXT", "text": message.text}, webhook_url)
    if webhook_url:
        written["webhooks"]["seen"] = {"url": webhook_url}
    return written


def whatsapp_template(
    message: OutboundMessage, config: Mapping[str, Any], webhook_url: str
) -> dict[str, Any]:
    name, language = template_of(config, message.properties)
    content = {
        "templateName": name,
        "templateData": {"body": {"placeholders": [as_parameter(message.text)]}},
        "language": language,
    }
    return _whatsapp(message, content, config, webhook_url)


def whatsapp_text(
    message: OutboundMessage, config: Mapping[str, Any], webhook_url: str
) -> dict[str, Any]:
    return _whatsapp(message, {"text": message.text}, config, webhook_url)


def _addressed(
    message: OutboundMessage, content: dict[str, Any], webhook_url: str
) -> dict[str, Any]:
    """A message of the newer APIs, SMS and Viber."""
    webhooks: dict[str, Any] = {"contentType": "application/json", "callbackData": message.id}
    if webhook_url:
        webhooks["delivery"] = {"url": webhook_url, "intermediateReport": True}
    written: dict[str, Any] = {
        "sender": _sender(message),
        "destinations": [{"to": _number(message), "messageId": message.id}],
        "content": content,
        "webhooks": webhooks,
    }
    if message.expires_at:
        left = int((message.expires_at - datetime.now(UTC)).total_seconds())
        amount = min(max(left, 1), LONGEST_VALIDITY_SECONDS)
        written["options"] = {"validityPeriod": {"amount": amount, "timeUnit": "SECONDS"}}
    return written


def _whatsapp(
    message: OutboundMessage, content: dict[str, Any], config: Mapping[str, Any], webhook_url: str
) -> dict[str, Any]:
    is_tracked = bool(config.get("track_clicks"))
    links: dict[str, Any] = {"shortenUrl": is_tracked, "trackClicks": is_tracked}
    written: dict[str, Any] = {
        "from": _sender(message).removeprefix("+"),
        "to": _number(message),
        "messageId": message.id,
        "content": content,
        "callbackData": message.id,
        "urlOptions": links,
    }
    if webhook_url:
        written["notifyUrl"] = webhook_url
        if is_tracked:
            links["trackingUrl"] = webhook_url
    return written


def _sender(message: OutboundMessage) -> str:
    if not message.sender:
        raise GatewayMisconfigured("Infobip sends nothing without a From")
    return message.sender


def _number(message: OutboundMessage) -> str:
    if message.recipient is None:
        raise MessageRejected("there is no recipient")
    number: str = message.recipient.reveal()
    return number.removeprefix("+")
