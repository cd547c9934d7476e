"""Peers on loopback that speak bytes, for what no well-behaved server would do."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOTHING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class RawPeer:
    """Accepts connections and hands each to `handle`, which closes it or leaves it open."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        self.handle = handle
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.closing = threading.Event()
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self.handle(connection)

    def close(self) -> None:
        self.closing.set()
        for listening in (self.server, *self.connections):
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()


@contextmanager
def raw_peer(handle: Callable[[socket.socket], None]) -> Iterator[RawPeer]:
    """A running peer; it is gone when the block ends."""
    peer = RawPeer(handle)
    try:
        yield peer
    finally:
        peer.close()


def read_request(connection: socket.socket) -> bytes:
    """One whole request; b"" when the other side hangs up."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    ]
    while len(body) < (lengths or [0])[0]:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(answer: bytes, *, then_close: bool = True) -> Callable[[socket.socket], None]:
    """A peer that answers every request with these bytes."""

    def handle(connection: socket.socket) -> None:
        while read_request(connection):
            connection.sendall(answer)
            if then_close:
                connection.close()
                return

    return handle


def reset(connection: socket.socket) -> None:
    """Hangs up the hard way: the other side is sent a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def certificate(folder: Path, name: str, *, days: int = 2) -> Path:
    """A self-signed certificate for one host, with its key in the file; `days` below 0: expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _written(folder, name, key, _made(name, key, issuer=name, signer=key, days=days))


def certificate_of_an_authority(folder: Path, name: str, *, days: int = 2) -> tuple[Path, str]:
    """A certificate for one host with its key, and in PEM the authority that signed it."""
    folder.mkdir(exist_ok=True)
    signer = ec.generate_private_key(ec.SECP256R1())
    authority = _made("authority", signer, issuer="authority", signer=signer)
    key = ec.generate_private_key(ec.SECP256R1())
    made = _made(name, key, issuer="authority", signer=signer, days=days, is_authority=False)
    pem = authority.public_bytes(serialization.Encoding.PEM).decode()
    return _written(folder, name, key, made), pem


def _made(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: str,
    signer: ec.EllipticCurvePrivateKey,
    days: int = 2,
    is_authority: bool = True,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _written(
    folder: Path, name: str, key: ec.EllipticCurvePrivateKey, made: x509.Certificate
) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def over_tls(
    path: Path, handle: Callable[[ssl.SSLSocket], None]
) -> Callable[[socket.socket], None]:
    """The same peer behind TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def handle_plain(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            handle(wrapped)

    return handle_plain
