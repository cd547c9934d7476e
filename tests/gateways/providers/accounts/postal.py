"""A server whose webhooks are signed with a key made here."""

import base64
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CONFIG = {
    "api_key": CANARY,
    "api_url": "https://postal.example",
    "webhook_key": base64.b64encode(
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "list_unsubscribe": False,
}


def signed(request: WebhookRequest) -> WebhookRequest:
    signature = KEY.sign(request.body, padding.PKCS1v15(), SHA1())  # noqa: S303
    headers = {**request.headers, "x-postal-signature": base64.b64encode(signature).decode()}
    return replace(request, headers=headers)
