"""The door out for mail: SMTP connections that go only where the egress guard lets them."""

import smtplib
import socket
from collections.abc import Sequence
from typing import Any

from gateway_project.lib.dialling import dial

BODY_SECONDS = 60.0
"""How long a server may look at a body before it answers; a command has the `timeout`."""


class GuardedSMTP(smtplib.SMTP):
    """Connects to checked addresses, keeps TLS bound to the name, and knows how far it got."""

    body_written = False
    """Whether a body was begun since the last MAIL: from then on the server may have taken it."""

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        return dial(host, port, timeout)

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
