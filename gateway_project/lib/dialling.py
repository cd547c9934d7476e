"""A TCP connection for blocking libraries that goes only where the egress guard lets it."""

import math
import socket
from collections.abc import Sequence
from typing import Any

from gateway_project.lib.conversations import bounded, seconds_left
from gateway_project.lib.egress import allowed
from gateway_project.lib.transport import EgressRefused, NotSent


def dial(host: str, port: int, timeout: Any) -> socket.socket:
    """A connection to the first address of the host that takes one.

    The host is looked up once. Raises EgressRefused if any of its addresses must not be called.
    It waits no longer than the conversation lasts (`within`).
    """
    return _connected(checked_addresses(host, port), port, timeout)


def checked_addresses(host: str, port: int) -> list[str]:
    """What the host resolves to, looked up once. Raises EgressRefused if any of it must not be
    called, NotSent where there is nothing."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("the host has no address") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not all(allowed(host, address) for address in addresses):
        raise EgressRefused("the address is not allowed")
    return addresses


def _connected(addresses: Sequence[str], port: int, timeout: Any) -> socket.socket:
    for address in addresses:
        try:
            left = seconds_left()
            patience = timeout if left == math.inf else min(timeout, left)
            return bounded(socket.create_connection((address, port), patience))
        except OSError:
            continue
    raise NotSent("no connection")
