"""An account whose webhooks are signed."""

import hmac
from dataclasses import replace

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "api_token": CANARY,
    "webhook_key": CANARY,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    signature = hmac.new(CANARY.encode(), request.body, "sha256").hexdigest()
    return replace(request, headers={**request.headers, "signature": signature})
