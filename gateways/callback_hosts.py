"""Which URLs a label may be called back at. The only hosts that are ever given its api_key.

URLs are read by a grammar of our own that is stricter than any URL library: what two readers could
understand differently is refused, so the host that was checked is the host that is called.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import idna

from gateway_project.lib.egress import check_url_host
from gateway_project.lib.transport import EgressRefused

URL_LENGTH = 2_048
ORIGIN_LENGTH = 260
DEFAULT_PORTS = {"https": 443, "http": 80}

URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]+)(?P<path>/[^?#]*)?(\?(?P<query>[^#]*))?(#.*)?",
    re.IGNORECASE | re.ASCII,
)
AUTHORITY = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:@\[\]%]+)(:(?P<port>[1-9][0-9]{0,4}))?")
LABEL = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class CallbackRefused(ValueError):
    """A URL that is not called back. The text names the reason and nothing of the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackUrl:
    """A URL that can be understood in one way only: normalised origin, and the rest as it came."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> str:
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One line of a label's list: `host`, `*.host`, `http://host:port` or `https://host:port`."""

    scheme: str
    host: str
    port: int
    takes_subdomains: bool
    has_scheme: bool

    def fits(self, url: CallbackUrl) -> bool:
        if (url.scheme, url.port) != (self.scheme, self.port):
            return False
        if not self.has_scheme and is_address(url.host):
            return False
        if self.takes_subdomains:
            return url.host.endswith("." + self.host)
        return url.host == self.host


def check_callback_url(url: str, hosts: Sequence[str]) -> str:
    """The origin that `url` calls, where the label's list allows it; else raises CallbackRefused.

    Addresses inside the house need both: an entry with scheme and port, and EGRESS_ALLOW.
    """
    return checked_callback_url(url, hosts).origin


def checked_callback_url(url: str, hosts: Sequence[str]) -> CallbackUrl:
    """The same, and all the parts of the URL."""
    read = read_callback_url(url)
    if not any(_entry(entry).fits(read) for entry in hosts):
        raise CallbackRefused("the host is not on the label's list")
    try:
        check_url_host(read.host)
    except EgressRefused:
        raise CallbackRefused("the host is not one that may be called") from None
    return read


def origin_of(url: str) -> str:
    """`https://host`, with the port where it is not the usual one; raises CallbackRefused."""
    return read_callback_url(url).origin


def check_callback_host(entry: str) -> str:
    """A list entry in its normal spelling; raises CallbackRefused where it is none."""
    read = _entry(entry)
    host = ("*." if read.takes_subdomains else "") + read.host
    return f"{read.scheme}://{host}:{read.port}" if read.has_scheme else host


def read_callback_url(url: str) -> CallbackUrl:
    """The parts of an absolute http or https URL; raises CallbackRefused at the first doubt."""
    if len(url) > URL_LENGTH:
        raise CallbackRefused(f"longer than {URL_LENGTH} characters")
    if not url.isprintable() or " " in url or "\\" in url:
        raise CallbackRefused("spaces, backslashes and control characters are not allowed")
    parts = URL.fullmatch(url)
    if parts is None:
        raise CallbackRefused("not an absolute https URL")
    scheme = parts["scheme"].lower()
    host, port = _host_and_port(parts["authority"], DEFAULT_PORTS[scheme])
    read = CallbackUrl(
        scheme=scheme,
        host=host,
        port=port,
        path=parts["path"] or "/",
        query=parts["query"] or "",
    )
    if len(read.origin) > ORIGIN_LENGTH:
        raise CallbackRefused("the host name is too long")
    return read


def is_address(host: str) -> bool:
    """Whether a normalised host is an IP address and not a name."""
    return host.startswith("[") or NUMBER.fullmatch(host.rpartition(".")[2]) is not None


@lru_cache(maxsize=1_024)
def _entry(entry: str) -> _Entry:
    scheme, has_scheme, authority = _lower(entry).rpartition("://")
    if has_scheme and scheme not in DEFAULT_PORTS:
        raise CallbackRefused("an entry of the list is a host, *.host or http://host:port")
    bare = authority.removeprefix("*.")
    host, port = _host_and_port(bare, DEFAULT_PORTS[scheme or "https"])
    return _Entry(
        scheme=scheme or "https",
        host=host,
        port=port,
        takes_subdomains=bare != authority,
        has_scheme=bool(has_scheme),
    )


@lru_cache(maxsize=1_024)
def _host_and_port(authority: str, default_port: int) -> tuple[str, int]:
    parts = AUTHORITY.fullmatch(authority)
    if parts is None:
        raise CallbackRefused("the host must be a plain host name, with a port or without")
    port = int(parts["port"] or default_port)
    if port > 65_535:
        raise CallbackRefused("there is no such port")
    return _normal_host(_lower(parts["host"]).removesuffix(".")), port


def _lower(text: str) -> str:
    """ASCII letters only: `str.lower` would turn look-alikes such as the Kelvin sign into ours."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def _normal_host(host: str) -> str:
    """ASCII, lower case, one spelling per host. Look-alikes are not mapped but refused."""
    if host.startswith("["):
        return _normal_ipv6(host)
    if not host.isascii():
        host = _ascii_of(host)
    if is_address(host):
        return _normal_ipv4(host)
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in host.split(".")):
        raise CallbackRefused("the host is not a valid name")
    return host


def _ascii_of(host: str) -> str:
    try:
        encoded = [
            idna.encode(label, strict=True).decode() if not label.isascii() else label
            for label in host.split(".")
        ]
    except (idna.IDNAError, UnicodeError):
        raise CallbackRefused("the host is not a valid international name") from None
    return ".".join(encoded)


def _normal_ipv4(host: str) -> str:
    """Only the usual spelling: others (127.1, 0x7f000001, 017700000001) are read in two ways."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise CallbackRefused("the host is an unusual spelling of an address") from None


def _normal_ipv6(host: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(host.strip('[]'))}]"
    except ValueError:
        raise CallbackRefused("the host is not a valid address") from None
