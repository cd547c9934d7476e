"""Whom TLS trusts beside the system's authorities: those of one gateway alone."""

import ssl
from functools import lru_cache

KEPT = 256


@lru_cache(maxsize=KEPT)
def trusting(authority: str) -> ssl.SSLContext:
    """A context that verifies the host name, and trusts these certificates in PEM and no others.

    The same one for the same text. Raises ValueError for what is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError):
        pass
    else:
        return context
    raise ValueError("the authority is not a certificate")
