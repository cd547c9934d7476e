"""The door out for mail: SMTP connections that go only where the egress guard lets them."""

import smtplib
import socket
from collections.abc import Sequence
from typing import Any

from gateway_project.lib.egress import allowed
from gateway_project.lib.transport import EgressRefused, NotSent

BODY_SECONDS = 60.0
"""How long a server may look at a body before it answers; a command has the `timeout`."""


class GuardedSMTP(smtplib.SMTP):
    """Connects to checked addresses, keeps TLS bound to the name, and knows how far it got."""

    body_written = False
    """Whether a body was begun since the last MAIL: from then on the server may have taken it."""

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        return _connected(_checked_addresses(host, port), port, timeout)

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        self.body_written = False
        self._allow(self.timeout)
        return super().mail(sender, options)

    def send(self, s: Any) -> None:
        # Commands come here as text, the body alone as bytes.
        if isinstance(s, bytes):
            self.body_written = True
            self._allow(BODY_SECONDS)
        super().send(s)

    def _allow(self, seconds: float) -> None:
        if self.sock is not None:
            self.sock.settimeout(seconds)


class GuardedSMTPS(smtplib.SMTP_SSL, GuardedSMTP):
    """The same inside TLS from the first byte on. (In this order TLS wraps the guarded socket.)"""


def _checked_addresses(host: str, port: int) -> list[str]:
    """What the host resolves to. Raises EgressRefused if any of it must not be called."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("the host has no address") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not all(allowed(host, address) for address in addresses):
        raise EgressRefused("the address is not allowed")
    return addresses


def _connected(addresses: Sequence[str], port: int, timeout: Any) -> socket.socket:
    """A connection to the first address that takes one."""
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError:
            continue
    raise NotSent("no connection")
