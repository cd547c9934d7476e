"""An account whose event webhook is signed with a key made here."""

import base64
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

KEY = ec.generate_private_key(ec.SECP256R1())
CONFIG = {
    "api_key": CANARY,
    "webhook_key": base64.b64encode(
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    """ECDSA over the timestamp and the body."""
    signature = KEY.sign(b"1795244400" + request.body, ec.ECDSA(SHA256()))
    headers = {
        **request.headers,
        "x-twilio-email-event-webhook-timestamp": "1795244400",
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
    }
    return replace(request, headers=headers)
