"""Whom TLS trusts beside the system's authorities, those of one gateway alone, and why not."""

import ssl
from functools import lru_cache

from gateway_project.lib.conversations import BoundedTls

KEPT = 256
CERTIFICATE_FAULTS = {
    9: "is not yet valid",
    10: "has expired",
    18: "is self-signed",
    19: "is signed by an unknown authority",
    20: "is signed by an unknown authority",
    62: "is for another host",
    64: "is for another address",
}
"""By OpenSSL's verify code; its own words name the host."""


@lru_cache(maxsize=KEPT)
def trusting(authority: str) -> ssl.SSLContext:
    """The same context for the same text, of which nothing may be changed: see `new_context`."""
    return new_context(authority)


def new_context(authority: str = "") -> ssl.SSLContext:
    """A context that verifies the host name, and trusts these certificates in PEM and no others.

    Without any it trusts whom the system does, and OpenSSL's SSL_CERT_FILE. Raises ValueError for
    what is no certificate. Its sockets wait no longer than a conversation lasts (`within`).
    """
    context = _trusting_these(authority) if authority else ssl.create_default_context()
    context.sslsocket_class = BoundedTls
    return context


def _trusting_these(authority: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError):
        pass
    else:
        return context
    raise ValueError("the authority is not a certificate")


def certificate_fault(error: Exception) -> str:
    """What is wrong with a server's certificate, in words of our own."""
    code = getattr(error, "verify_code", 0)
    return f"the certificate {CERTIFICATE_FAULTS.get(code, 'is not trusted')}"
