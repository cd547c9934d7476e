"""URLs that a message brings and a provider fetches: https, and nothing hidden in them."""

from urllib.parse import urlsplit

LONGEST = 2048


def is_https_url(value: object) -> bool:
    """Whether it is one URL with https, a host, and neither user nor blanks."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return False
    if not value.isascii() or not value.isprintable() or set(value) & set(' \\"<>'):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
