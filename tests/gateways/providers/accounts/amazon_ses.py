"""An account whose webhooks come from Amazon SNS, signed with a certificate that is made here.

`at_amazon` stands in for the hosts of SNS, which no test may call.
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway_project.lib.http import HttpAnswer, HttpCall
from gateways.providers.anymail.amazon_ses import AmazonSes
from gateways.providers.anymail.sns import Sns
from gateways.providers.base import WebhookRequest
from tests.gateways.providers.canaries import CANARY

TOPIC_ARN = "arn:aws:sns:eu-central-1:123456789012:ses-events"
CONFIG = {
    "access_key_id": "AKIAEXAMPLE",
    "secret_access_key": CANARY,
    "region": "eu-central-1",
    "topic_arn": TOPIC_ARN,
    "list_unsubscribe": False,
}
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1a2b.pem"
SUBSCRIBE_URL = (
    "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
    f"&TopicArn={TOPIC_ARN}&Token=2336412f37fb687f5d51e6e2425f004a"
)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGNED_OF = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ],
}
SIGNED_OF["UnsubscribeConfirmation"] = SIGNED_OF["SubscriptionConfirmation"]


def at(url: str) -> dict[str, Any]:
    return {**CONFIG, "api_url": url}


def certificate(
    key: rsa.RSAPrivateKey = KEY,
    begins: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    ends: datetime = datetime(2045, 1, 1, tzinfo=UTC),
) -> bytes:
    """A certificate of that key in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


CERTIFICATE = certificate()


def at_amazon(call: HttpCall) -> HttpAnswer:
    """What the host of SNS answers: the one certificate, or yes."""
    return HttpAnswer(status=200, body=CERTIFICATE if call.url == CERTIFICATE_URL else b"<ok/>")


AmazonSes.sns = Sns(at_amazon)


def signed(request: WebhookRequest) -> WebhookRequest:
    """The message with all that SNS puts around it, signed; what is no object as it is."""
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        return request
    if not isinstance(told, dict):
        return request
    return replace(request, body=json.dumps(sign(ENVELOPE | told)).encode())


ENVELOPE = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": TOPIC_ARN,
    "Message": "Successfully validated SNS topic for Amazon SES event publishing.",
    "Timestamp": "2026-11-21T07:00:00.000Z",
    "SignatureVersion": "2",
    "SigningCertURL": CERTIFICATE_URL,
}


def sign(told: dict[str, Any], key: rsa.RSAPrivateKey = KEY) -> dict[str, Any]:
    """The message with a signature of that key over what SNS signs."""
    names = SIGNED_OF.get(told["Type"], [])
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    digest = hashes.SHA1() if told["SignatureVersion"] == "1" else hashes.SHA256()
    signature = key.sign(text.encode(), padding.PKCS1v15(), digest)
    return told | {"Signature": base64.b64encode(signature).decode()}


def forged(request: WebhookRequest, signature: str) -> WebhookRequest:
    told = json.loads(request.body)
    told.pop("Signature")
    if signature:
        told["Signature"] = signature
    return replace(request, body=json.dumps(told).encode())
