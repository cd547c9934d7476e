"""A phone number with a template in three languages. Meta signs all that it posts."""

import hmac
from dataclasses import replace

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://graph.facebook.com",
    "version": "v25.0",
    "phone_number_id": "106540352242922",
    "access_token": f"{CANARY}-access",
    "app_secret": CANARY,
    "verify_token": f"{CANARY}-verify",
    "text_window": "never",
    "template": "smartico_message",
    "template_language": "en",
    "other_languages": "de\npt_BR",
}


def signed(request: WebhookRequest) -> WebhookRequest:
    signature = hmac.new(CANARY.encode(), request.body, "sha256").hexdigest()
    return replace(
        request, headers={**request.headers, "x-hub-signature-256": f"sha256={signature}"}
    )
