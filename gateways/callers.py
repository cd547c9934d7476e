"""Who is calling: inbound secrets and caller addresses."""

import hmac
import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from gateway_project.lib.fibers import done_aside
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import KeyKind
from gateways import configuration
from gateways.models import Key
from gateways.models.key import secret_digest
from gateways.values import KeyValues, LabelValues

SECRET_LENGTH = 1024
USE_NOTED_EVERY_SECONDS = 60.0
BEARER = b"bearer "

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A label's key holder; bound to one of its brands, or to none."""

    label: LabelValues
    brand_id: int | None


def live_key(header: str, kind: KeyKind) -> KeyValues | None:
    """The live key of an `Authorization` header (`secret` or `Bearer secret`), or None.

    Secrets are compared as keyed digests of bytes: how long the work takes tells nothing of them.
    """
    given = header.encode("utf-8", "surrogateescape")[: SECRET_LENGTH + 1]
    stripped = given[len(BEARER) :] if given[: len(BEARER)].lower() == BEARER else given
    keys = configuration.current().keys
    found = None
    for candidate in dict.fromkeys((given, stripped)):
        digest = secret_digest(candidate)
        key = keys.get((kind, digest))
        if key is not None and hmac.compare_digest(key.digest, digest):
            found = key
    if found is None or len(given) > SECRET_LENGTH or _has_expired(found):
        return None
    return found


def _has_expired(key: KeyValues) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now()


def has_required_headers(label: LabelValues, environ: Mapping[str, str]) -> bool:
    """Whether the WSGI environment carries the headers the label asks for, with their values."""
    required = label.required_headers.reveal() if label.required_headers else {}
    return all(
        hmac.compare_digest(
            str(environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")).encode(),
            str(value).encode(),
        )
        for name, value in required.items()
    )


def is_allowed_address(label: LabelValues, environ: Mapping[str, str]) -> bool:
    """Whether the caller's address is on the label's list. An empty list allows any."""
    if not label.allowed_ips:
        return True
    address = client_address(environ, settings.TRUSTED_PROXIES)
    return address is not None and any(
        address in network for network in _networks(label.allowed_ips)
    )


def client_address(environ: Mapping[str, str], trusted_proxies: int) -> Address | None:
    """The address that the outermost trusted proxy saw; what lies beyond it anybody can write."""
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "") if trusted_proxies else ""
    hops = [hop for hop in forwarded.split(",") if hop.strip()]
    hops.append(environ.get("REMOTE_ADDR", ""))
    return _address(hops[max(len(hops) - 1 - trusted_proxies, 0)])


def _address(hop: str) -> Address | None:
    """Reads `1.2.3.4`, `1.2.3.4:567`, `::1` and `[::1]:567`; IPv4-mapped IPv6 becomes IPv4."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=256)
def _networks(texts: Sequence[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]


_noted: dict[int, float] = {}
forget_uses = _noted.clear


def note_use(key: KeyValues) -> None:
    """Keeps `last_used_at` right to the minute, at the price of one write a minute."""
    now = time.monotonic()
    if now - _noted.get(key.id, -USE_NOTED_EVERY_SECONDS) < USE_NOTED_EVERY_SECONDS:
        return
    _noted[key.id] = now
    _write_use(key)


@done_aside
def _write_use(key: KeyValues) -> None:
    with writing():
        # Not through the model's own queryset: this is no change of the configuration.
        QuerySet(Key).filter(pk=key.id).update(last_used_at=timezone.now())
