"""An account; its webhooks are signed with the API key, inside the body."""

import json
from dataclasses import replace
from hashlib import md5

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "api_key": CANARY,
    "api_url": "https://go1.unisender.ru/ru/transactional/api/v1",
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    """The MD5 of the body with the API key in the place where the digest will stand."""
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return request
    if not isinstance(told, dict):
        return request
    to_sign = json.dumps(told | {"auth": CANARY}).encode()
    body = json.dumps(told | {"auth": md5(to_sign).hexdigest()}).encode()  # noqa: S324
    return replace(request, body=body)


def forged(request: WebhookRequest, signature: str) -> WebhookRequest:
    """The request with that in place of its signature, which no header holds."""
    told = json.loads(request.body) | {"auth": signature}
    return replace(request, body=json.dumps(told).encode())
