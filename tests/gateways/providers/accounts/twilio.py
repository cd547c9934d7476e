"""An account at Twilio; its webhooks are signed by Twilio's own library."""

from dataclasses import replace

from django.http import QueryDict
from twilio.request_validator import RequestValidator

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "base_url": "https://api.twilio.com",
    "account_sid": "AC00000000000000000000000000000001",
    "auth_token": CANARY,
    "content_variable": "1",
}


def signed(request: WebhookRequest) -> WebhookRequest:
    form = QueryDict(request.body, encoding="utf-8")
    signature = RequestValidator(CANARY).compute_signature(request.url, form)
    return replace(request, headers={**request.headers, "x-twilio-signature": signature})
