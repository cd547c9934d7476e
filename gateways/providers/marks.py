"""Marks of ours in a URL that a message names for its reports: who calls it was told it by us.

They are for providers that sign the webhooks which are set up with them, and maybe not those that a
message asks for. A mark is the signature of the gateway's token in the URL, so it is good at no
other gateway.
"""

from urllib.parse import urlencode

from django.core import signing

from gateways.providers.values import WebhookRequest

MARK = "mark"
"""The parameter that it stands in."""


def marked(webhook_url: str) -> str:
    """The gateway's webhook URL with its mark."""
    mark = _signer().signature(_token(webhook_url))
    return f"{webhook_url}?{urlencode({MARK: mark})}"


def is_marked(request: WebhookRequest, webhook_url: str) -> bool:
    """Whether the request came to that gateway's URL with the mark of ours."""
    token, given = _token(webhook_url), request.query.get(MARK, "")
    try:
        signed: str = _signer().unsign(f"{token}:{given}")
    except signing.BadSignature:
        return False
    return signed == token


def _signer() -> signing.Signer:
    return signing.Signer(sep=":", salt="gatehouse.marks")


def _token(webhook_url: str) -> str:
    return webhook_url.rpartition("/")[2]
