"""An account whose webhooks are signed, form and URL."""

import base64
import hmac
from dataclasses import replace
from urllib.parse import parse_qsl

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "api_key": CANARY,
    "webhook_key": CANARY,
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    """HMAC-SHA1 over the URL and each name and value of the form, in their order."""
    form = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    text = request.url + "".join(f"{name}{value}" for name, value in sorted(form))
    digest = hmac.new(CANARY.encode(), text.encode(), "sha1").digest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        **request.headers,
        "x-mandrill-signature": base64.b64encode(digest).decode(),
    }
    return replace(request, headers=headers)
