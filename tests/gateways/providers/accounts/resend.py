"""An account whose webhooks are signed, by the library that Resend names for it."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

from svix.webhooks import Webhook

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

SECRET = f"whsec_{base64.b64encode(CANARY.encode()).decode()}"
CONFIG = {
    "api_key": CANARY,
    "webhook_key": SECRET,
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    now = datetime.now(UTC)
    headers = {
        **request.headers,
        "svix-id": "event-1",
        "svix-timestamp": str(int(now.timestamp())),
        "svix-signature": Webhook(SECRET).sign("event-1", now, request.body.decode()),
    }
    return replace(request, headers=headers)
