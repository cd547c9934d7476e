"""Marks of ours in a URL that a message names for its reports: who calls it was told it by us.

They are for providers that sign the webhooks which are set up with them, and maybe not those that a
message asks for. A mark is made from the gateway's token in the URL, so it is good at no other
gateway, and with the key that never changes: reports come long after their messages.
"""

import hmac
from urllib.parse import urlencode

from gateway_project.lib.crypto import keyed_digest
from gateways.providers.values import WebhookRequest

MARK = "mark"
"""The parameter that it stands in."""
LENGTH = 43


def marked(webhook_url: str) -> str:
    """The gateway's webhook URL with its mark."""
    return f"{webhook_url}?{urlencode({MARK: _mark(webhook_url)})}"


def is_marked(request: WebhookRequest, webhook_url: str) -> bool:
    """Whether the request came to that gateway's URL with the mark of ours."""
    given = request.query.get(MARK, "")
    return hmac.compare_digest(given.encode(), _mark(webhook_url).encode())


def _mark(webhook_url: str) -> str:
    return keyed_digest(webhook_url.rpartition("/")[2], purpose="webhook-mark")[:LENGTH]
