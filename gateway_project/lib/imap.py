"""The door out for reading mail: IMAP connections that go only where the egress guard lets them."""

import imaplib
import socket
import ssl
from typing import Any

from imap_tools import BaseMailBox

from gateway_project.lib.dialling import dial


class GuardedIMAP(imaplib.IMAP4):
    """Connects to checked addresses."""

    def _create_socket(self, timeout: Any) -> socket.socket:
        return dial(self.host, self.port, timeout)


class GuardedIMAPS(GuardedIMAP):
    """The same inside TLS from the first byte on."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: Any) -> socket.socket:
        sock = super()._create_socket(timeout)
        return self._context.wrap_socket(sock, server_hostname=self.host)


class GuardedMailBox(BaseMailBox):
    """imap-tools over guarded connections. `security` is tls, starttls or none."""

    def __init__(
        self, host: str, port: int, *, security: str, context: ssl.SSLContext, timeout: float
    ) -> None:
        self._address = host, port
        self._security, self._context, self._timeout = security, context, timeout
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        if self._security == "tls":
            return GuardedIMAPS(*self._address, self._timeout, self._context)
        client = GuardedIMAP(*self._address, self._timeout)
        if self._security == "starttls":
            client.starttls(self._context)
        return client
