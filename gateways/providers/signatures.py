"""Signatures of webhooks, compared in constant time and on bytes."""

import hmac
from collections.abc import Mapping

DIGESTS: Mapping[int, str] = {64: "sha256", 128: "sha512"}
"""By the number of hexadecimal digits."""


def is_hex_hmac(given: str, *, secret: str, body: bytes) -> bool:
    """Whether `given` is the HMAC-SHA256 or -SHA512 of the raw body, with or without `sha256=`."""
    digits = given.strip().lower().rpartition("=")[2].encode(errors="replace")
    digest = DIGESTS.get(len(digits))
    if digest is None:
        return False
    expected = hmac.new(secret.encode(), body, digest).hexdigest()
    return hmac.compare_digest(digits, expected.encode())
