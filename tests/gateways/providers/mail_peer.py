"""A real SMTP server on loopback that records mails and answers as it is told."""

import datetime
import email
import email.policy
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HANG_UP = "hang up"


class MailPeer:
    """`answers` maps a command (MAIL, RCPT, DATA) to what is said to it instead of 250."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.envelopes: list[Envelope] = []
        self.connections: list[SMTP] = []
        self.controller: Controller

    @property
    def port(self) -> int:
        return self.controller.port

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(envelope.content, policy=email.policy.default)
            for envelope in self.envelopes
        ]

    def hang_up(self) -> None:
        """Closes every connection, and returns when the other side can know it."""
        closed = [connection.transport for connection in self.connections]
        for transport in closed:
            self.controller.loop.call_soon_threadsafe(transport.close)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        self.connections.append(server)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self._answer("MAIL", server)

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT", server)

    async def handle_DATA(self, server, session, envelope):
        answer = self._answer("DATA", server)
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        return answer

    def _answer(self, command: str, server: SMTP) -> str:
        answer = self.answers.get(command, "250 OK")
        if answer == HANG_UP:
            server.transport.abort()
        return answer


def _sign_in(server, session, envelope, mechanism, data) -> AuthResult:
    known = isinstance(data, LoginPassword) and data == LoginPassword(b"amazing", b"right")
    return AuthResult(success=known, handled=False)


@contextmanager
def mail_peer(*, is_tls: bool = False, **options: Any) -> Iterator[MailPeer]:
    """A running server. `tls_context` offers STARTTLS; with `is_tls` it is TLS from the start."""
    if is_tls:
        options["ssl_context"] = options.pop("tls_context")
    peer = MailPeer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    peer.controller = Controller(
        peer,
        hostname="127.0.0.1",
        port=port,
        authenticator=_sign_in,
        auth_require_tls=False,
        **options,
    )
    peer.controller.start()
    try:
        yield peer
    finally:
        peer.controller.stop(no_assert=True)


def self_signed(directory: Path, host: str = "localhost") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for that host, and the certificate that a client would have to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file
