"""A tenant whose outbound webhooks are signed."""

import base64
import hmac
from dataclasses import replace

from gateways.providers.base import WebhookRequest
from gateways.providers.marks import MARK
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://api.us.webexconnect.io",
    "service_key": CANARY,
    "webhook_secret": CANARY,
    "rcs_app_id": "a_156887855308557980",
}
BY_TOKEN = {
    "base_url": "https://api.us.webexconnect.io",
    "service_id": "service-1",
    "service_secret": base64.b64encode(CANARY.encode()).decode(),
}


def signed(request: WebhookRequest) -> WebhookRequest:
    signature = hmac.new(CANARY.encode(), request.body, "sha256").hexdigest()
    return replace(request, headers={**request.headers, "x-hub-signature": signature})


def forged(request: WebhookRequest, signature: str) -> WebhookRequest:
    """With that for a signature and for our mark; neither of them where it is empty."""
    headers = {name: each for name, each in request.headers.items() if name != "x-hub-signature"}
    shown = {"x-hub-signature": signature} if signature else {}
    return replace(request, headers=headers | shown, query={MARK: signature} if signature else {})
