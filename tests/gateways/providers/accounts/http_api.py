"""An aggregator with JSON both ways, whose reports are signed."""

import hmac
from dataclasses import replace

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

CONFIG = {
    "method": "POST",
    "url": "https://sms.example/v1/messages",
    "auth": "bearer",
    "secret": CANARY,
    "headers": {"X-Tenant": CANARY},
    "body_kind": "json",
    "body": {
        "to": "{{ recipient }}",
        "from": "{{ message.sender }}",
        "text": "{{ message.text }}",
        "ref": "{{ message.id }}",
    },
    "success_statuses": "200-299",
    "id_path": "data.id",
    "error_path": "error.code",
    "errors_table": {"NO_CREDIT": "misconfigured", "BUSY": "later", "HTTP 410": "reject"},
    "is_idempotent": False,
    "lookup_absent": False,
    "webhook_proof": "hmac_sha256_hex",
    "webhook_header": "X-Signature",
    "webhook_secret": CANARY,
    "reports_path": "reports",
    "message_id_path": "ref",
    "provider_id_path": "id",
    "status_path": "state",
    "time_path": "at",
    "reason_path": "reason",
    "recipient_path": "to",
    "statuses": {
        "ACCEPTD": "accepted",
        "DELIVRD": "delivered",
        "UNDELIV": "failed",
        "REJECTD": "rejected",
        "SPAM": "complained",
        "READ": "opened",
        "STOP": "unsubscribed",
        "LINK": "clicked",
        "QUEUED": "ignore",
    },
}

LOOKUP = {"lookup_url": "https://sms.example/v1/messages/{{ message.id }}"}


def signed(request: WebhookRequest) -> WebhookRequest:
    signature = hmac.new(CANARY.encode(), request.body, "sha256").hexdigest()
    return replace(request, headers={**request.headers, "x-signature": signature})
