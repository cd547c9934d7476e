"""An account at Vonage whose webhooks are signed.

Vonage's own library makes tokens with an application's private key only; the tokens of webhooks
are made here as "Webhooks" describes them, and its library's own check takes them.
"""

import hashlib
import time
from dataclasses import replace

import jwt
from vonage_jwt.verify_jwt import verify_signature

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://api.nexmo.com",
    "api_key": "amazing",
    "api_secret": CANARY,
    "signature_secret": CANARY,
    "whatsapp_language": "en",
}


def signed(request: WebhookRequest, **claims: object) -> WebhookRequest:
    token = jwt.encode(
        {
            "iat": int(time.time()),
            "iss": "Vonage",
            "jti": "1",
            "payload_hash": hashlib.sha256(request.body).hexdigest(),
            "api_key": "amazing",
            **claims,
        },
        CANARY,
        algorithm="HS256",
    )
    assert verify_signature(token, CANARY)
    return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})
