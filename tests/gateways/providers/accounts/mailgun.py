"""An account whose webhooks are signed: the signature stands in the body."""

import hmac
import json
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "api_key": CANARY,
    "sender_domain": "amazing.co",
    "webhook_key": CANARY,
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    """JSON with a signature in it, as since 2018; a form with one among its fields before."""
    if "form" in request.headers.get("content-type", ""):
        form = dict(parse_qsl(request.body.decode()))
        return replace(request, body=urlencode(form | signature_of(form)).encode())
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return request
    if not isinstance(told, dict):
        return request
    told["signature"] = signature_of(told.get("signature", {}))
    headers = {**request.headers, "content-type": "application/json"}
    return replace(request, headers=headers, body=json.dumps(told).encode())


def forged(request: WebhookRequest, signature: str) -> WebhookRequest:
    """The request with that in place of its signature, which stands in the body."""
    told = json.loads(request.body)
    proof = {name: told["signature"][name] for name in ("timestamp", "token")}
    told["signature"] = proof | ({"signature": signature} if signature else {})
    return replace(request, body=json.dumps(told).encode())


def signature_of(told: dict[str, str]) -> dict[str, str]:
    """As of now, since no other is taken."""
    about = {"timestamp": str(int(time.time())), "token": told.get("token", "token-1")}
    text = f"{about['timestamp']}{about['token']}".encode()
    return about | {"signature": hmac.new(CANARY.encode(), text, "sha256").hexdigest()}
