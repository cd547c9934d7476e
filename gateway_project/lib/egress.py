"""The egress guard: which addresses may be called. What is not public is called only when listed.

The list is our own: the standard library's `is_global` lets transitional IPv6 forms through, and
differs between the versions of Python that we run on.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from gateway_project.lib.transport import EgressRefused

Address = IPv4Address | IPv6Address

NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; a cloud's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata service, on a public number
        "169.254.0.0/16",  # link-local; metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        # Of IPv6 only 2000::/3 is given out. Below and above it: unspecified, loopback,
        # IPv4-compatible, translated and local NAT64 forms, discard, unique local (with a cloud's
        # metadata service), link-local, site-local, multicast.
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3ffe::/16",  # the old test net
        "3fff::/20",  # documentation
    )
)
MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
LOOPBACK_NAMES = ("localhost", "*.localhost")
HOST_PATTERN = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE | re.ASCII)


def is_public(address: str | Address) -> bool:
    """Whether the whole world would reach the same machine at this address.

    Mapped and NAT64 forms are judged by the IPv4 address in them, other transitional forms refused.
    """
    plain = _unwrapped(_parsed(address))
    return not _is_isatap(plain) and not any(plain in network for network in NOT_PUBLIC)


def allowed(host: str, address: str | Address) -> bool:
    """Whether `address`, to which `host` resolved, may be called: it is public or EGRESS_ALLOW
    lists one of them."""
    exceptions = read_exceptions(tuple(settings.EGRESS_ALLOW))
    return is_public(address) or exceptions.name(host) or exceptions.hold(_parsed(address))


def is_inside(host: str) -> bool:
    """Whether EGRESS_ALLOW lists the host, by its name or by the address that it spells."""
    exceptions = read_exceptions(tuple(settings.EGRESS_ALLOW))
    try:
        address = _literal(host)
    except ValueError:
        return False
    return exceptions.name(host) or (address is not None and exceptions.hold(address))


def check_url_host(host: str) -> None:
    """Raises EgressRefused for a host that is, in any spelling, an address not to be called.

    Looks nothing up: a name passes here and is judged by what it resolves to when it is called.
    """
    refusal = _refusal(host, tuple(settings.EGRESS_ALLOW))
    if refusal:
        raise EgressRefused(refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """What EGRESS_ALLOW lists."""

    names: tuple[str, ...]
    networks: tuple[IPv4Network | IPv6Network, ...]

    def name(self, host: str) -> bool:
        spelling = host.rstrip(".").lower()
        return any(fnmatchcase(spelling, pattern) for pattern in self.names)

    def hold(self, address: Address) -> bool:
        return any(_unwrapped(address) in network for network in self.networks)


@lru_cache(maxsize=16)
def read_exceptions(entries: Sequence[str]) -> Exceptions:
    """What EGRESS_ALLOW says; raises ImproperlyConfigured, which names the faulty entry's place."""
    names: list[str] = []
    networks: list[IPv4Network | IPv6Network] = []
    for position, entry in enumerate(map(str.strip, entries), start=1):
        try:
            networks.append(ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            if not HOST_PATTERN.fullmatch(entry):
                raise ImproperlyConfigured(
                    f"EGRESS_ALLOW, entry {position}: expected a host name, "
                    "*.domain, an address or a network."
                ) from None
            names.append(entry.rstrip(".").lower())
    return Exceptions(names=tuple(names), networks=tuple(networks))


@lru_cache(maxsize=1024)
def _refusal(host: str, entries: tuple[str, ...]) -> str | None:
    exceptions = read_exceptions(entries)
    if exceptions.name(host):
        return None
    try:
        address = _literal(host)
    except ValueError:
        return "the host is neither a name nor an address"
    if address is None or is_public(address) or exceptions.hold(address):
        return None
    return "the address is not allowed"


def _literal(host: str) -> Address | None:
    """The address that a resolver reads in `host` without asking anybody; None for a name.

    Raises ValueError for what is neither.
    """
    text = unquote(host).strip("[]").partition("%")[0]
    if ":" in text:
        return IPv6Address(text)
    # The resolver's own reading: it folds full-width digits and dots, drops what is invisible.
    name = text.encode("idna").decode("ascii").rstrip(".").lower()
    if not name or not name.isprintable() or set(name) & set(" /\\@?#"):
        raise ValueError("not a host")
    if any(fnmatchcase(name, pattern) for pattern in LOOPBACK_NAMES):
        return IPv4Address("127.0.0.1")
    try:
        return IPv4Address(socket.inet_aton(name))
    except OSError:
        return None


def _parsed(address: str | Address) -> Address:
    return ip_address(address.partition("%")[0]) if isinstance(address, str) else address


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that a mapped or a NAT64 one stands for; any other as it is."""
    if isinstance(address, IPv6Address) and (address in MAPPED or address in NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_isatap(address: Address) -> bool:
    """RFC 5214: an IPv4 address, often a private one, in the lower half of any network."""
    return isinstance(address, IPv6Address) and (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE
