"""The ways in which a webhook of an API that nobody knows beforehand can prove who sent it."""

import base64
import hmac
from collections.abc import Callable, Mapping

from gateways.providers.errors import WebhookRefused
from gateways.providers.values import WebhookRequest

TOKEN, HEADER, BASIC, STANDARD = "token", "header", "basic", "standard"
DIGESTS: Mapping[str, tuple[str, Callable[[bytes], str]]] = {
    "hmac_sha256_hex": ("sha256", bytes.hex),
    "hmac_sha512_hex": ("sha512", bytes.hex),
    "hmac_sha256_base64": ("sha256", lambda digest: base64.b64encode(digest).decode()),
    "hmac_sha512_base64": ("sha512", lambda digest: base64.b64encode(digest).decode()),
}
PROOFS: Mapping[str, str] = {
    TOKEN: "None: the token in our webhook URL",
    HEADER: "A header that holds the secret",
    BASIC: "User name and password (Basic)",
    "hmac_sha256_hex": "HMAC-SHA256 of the body, hexadecimal",
    "hmac_sha256_base64": "HMAC-SHA256 of the body, Base64",
    "hmac_sha512_hex": "HMAC-SHA512 of the body, hexadecimal",
    "hmac_sha512_base64": "HMAC-SHA512 of the body, Base64",
    STANDARD: "Standard Webhooks (webhook-signature)",
}
NEEDS_HEADER = frozenset({HEADER, *DIGESTS})


def check_proof(
    request: WebhookRequest, *, proof: str, secret: str, header: str = "", username: str = ""
) -> None:
    """Raises WebhookRefused unless the sender knows the secret, in the way that was agreed."""
    if proof == TOKEN:
        return
    if proof == STANDARD:
        is_proven = _is_standard(request, secret)
    elif proof == BASIC:
        is_proven = _is_basic(request.headers.get("authorization", ""), username, secret)
    else:
        given = request.headers.get(header.lower(), "").strip()
        expected = secret if proof == HEADER else _signature(proof, secret, request.body)
        is_proven = _equal(_bare(given, proof), expected)
    if not is_proven:
        raise WebhookRefused("the signature or secret is missing or does not fit")


def basic(user: str, secret: str) -> str:
    """The Authorization header that shows user and secret (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def is_standard_secret(secret: str) -> bool:
    """Whether it is one of Standard Webhooks: Base64, with or without `whsec_` before it."""
    try:
        return bool(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def _is_standard(request: WebhookRequest, secret: str) -> bool:
    # Slow to load, and needed by few.
    from svix.webhooks import Webhook, WebhookVerificationError

    try:
        Webhook(secret).verify(request.body, dict(request.headers))
    except (WebhookVerificationError, ValueError, TypeError, OverflowError):
        return False
    return True


def _is_basic(given: str, username: str, secret: str) -> bool:
    scheme, _, credentials = given.partition(" ")
    shown = f"{scheme.capitalize()} {credentials.strip()}"
    return _equal(shown, basic(username, secret))


def _signature(proof: str, secret: str, body: bytes) -> str:
    algorithm, written = DIGESTS[proof]
    return written(hmac.new(secret.encode(), body, algorithm).digest())


def _bare(given: str, proof: str) -> str:
    """A signature without `sha256=` before it, hexadecimal in lower case; a secret as it is."""
    if proof == HEADER:
        return given
    bare = given.removeprefix(f"{DIGESTS[proof][0]}=")
    return bare.lower() if proof.endswith("_hex") else bare


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
