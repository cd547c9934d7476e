"""Messages of Amazon SNS: whether Amazon signed them, and the yes to a subscription.

Source: the developer guide of Amazon SNS, "Verifying the signatures of Amazon SNS messages" and
"HTTP/HTTPS notification JSON format". That a host of SNS is `sns.<region>.amazonaws.com`, or below
`amazonaws.com.cn` in China, is the guide's; other hosts are refused unasked.
"""

import base64
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway_project.lib.http import HttpAnswer, HttpCall, TransportError, http_client
from gateways.providers.base import WebhookRefused, is_success

Perform = Callable[[HttpCall], HttpAnswer]

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
ABOUT_A_SUBSCRIPTION = (
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
)
SIGNED: Mapping[str, tuple[str, ...]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ABOUT_A_SUBSCRIPTION,
    "UnsubscribeConfirmation": ABOUT_A_SUBSCRIPTION,
}
"""What is signed, in that order, by the type of message."""
OPTIONAL = ("Subject",)
DIGESTS: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {
    "1": hashes.SHA1,
    "2": hashes.SHA256,
}
"""By SignatureVersion. SHA1 is what SNS signs with unless a topic is told otherwise."""
HOST = r"https://sns\.[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE_URL = re.compile(HOST + r"/[A-Za-z0-9_-]+\.pem")
SUBSCRIBE_URL = re.compile(HOST + r"/\?Action=ConfirmSubscription&[A-Za-z0-9_.=&%:~+-]+")
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
SECONDS = 5.0
CERTIFICATE_CAP = 64 * 1024
MOST_CERTIFICATES = 16


class Sns:
    """Proves messages, and keeps the certificates that it fetched for that.

    `perform` is the door out; `WebhookRefused` has status 503 where SNS is to come again.
    """

    def __init__(self, perform: Perform | None = None) -> None:
        self._perform = perform
        self._certificates: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def verify(self, told: Mapping[str, Any], *, topic: str = "") -> None:
        """Raises WebhookRefused unless Amazon signed the message, for the topic if one is named."""
        text = signed_text(told)
        digest = DIGESTS.get(str(told.get("SignatureVersion")))
        if digest is None or (topic and told.get("TopicArn") != topic):
            raise WebhookRefused("the signature's version or the topic is another")
        certificate = self._certificate(told.get("SigningCertURL"))
        if not _is_valid(certificate) or not _fits(certificate, _signature(told), text, digest()):
            raise WebhookRefused("the signature or its certificate does not fit")

    def confirm(self, told: Mapping[str, Any]) -> None:
        """Says yes to the subscription of a verified message."""
        url = told.get("SubscribeURL")
        if not isinstance(url, str) or not SUBSCRIBE_URL.fullmatch(url):
            raise WebhookRefused("the SubscribeURL is none of Amazon SNS")
        self._get(url, "the subscription could not be confirmed")

    def _certificate(self, url: object) -> x509.Certificate:
        if not isinstance(url, str) or not CERTIFICATE_URL.fullmatch(url):
            raise WebhookRefused("the SigningCertURL is none of Amazon SNS")
        kept = self._certificates.get(url)
        if kept is None:
            kept = self._fetched(url)
            self._keep(url, kept)
        return kept

    def _fetched(self, url: str) -> x509.Certificate:
        problem = "the certificate could not be fetched"
        answer = self._get(url, problem)
        try:
            return x509.load_pem_x509_certificate(answer.body)
        except ValueError:
            raise WebhookRefused(problem, status=503) from None

    def _keep(self, url: str, certificate: x509.Certificate) -> None:
        with self._lock:
            while len(self._certificates) >= MOST_CERTIFICATES:
                self._certificates.pop(next(iter(self._certificates)))
            self._certificates[url] = certificate

    def _get(self, url: str, problem: str) -> HttpAnswer:
        call = HttpCall(method="GET", url=url, timeout=SECONDS, read_cap=CERTIFICATE_CAP)
        perform = self._perform or http_client().perform
        try:
            answer = perform(call)
        except TransportError:
            raise WebhookRefused(problem, status=503) from None
        if not is_success(answer):
            raise WebhookRefused(problem, status=503)
        return answer


def is_message(told: object) -> bool:
    """Whether it is of a type that SNS sends."""
    return isinstance(told, Mapping) and str(told.get("Type")) in SIGNED


def signed_text(told: Mapping[str, Any]) -> bytes:
    """What Amazon signed of the message. Raises WebhookRefused where a part of it is missing."""
    names = SIGNED.get(str(told.get("Type")), ())
    given = {name: told.get(name) for name in names}
    present = {name: given[name] for name in names if not _is_left_out(name, given[name])}
    if not present or not all(isinstance(value, str) for value in present.values()):
        raise WebhookRefused("this is no message of Amazon SNS")
    return "".join(f"{name}\n{value}\n" for name, value in present.items()).encode(errors="replace")


def _is_left_out(name: str, value: object) -> bool:
    return name in OPTIONAL and value is None


def _signature(told: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(told.get("Signature", ""), validate=True)
    except (ValueError, TypeError):
        return b""


def _is_valid(certificate: x509.Certificate) -> bool:
    now = datetime.now(UTC)
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _fits(
    certificate: x509.Certificate, signature: bytes, text: bytes, digest: hashes.HashAlgorithm
) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, text, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True
