"""Peers that go on answering and never come to an end: no read of theirs is slow, all together are.

Each conversation ends by its own moment, and comes to what no answer at that point means.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from gateway_project.lib import requests_door
from gateway_project.lib.vocabulary import Channel
from gateways import connection
from gateways.providers import imap_box, smtp
from gateways.providers.base import GatewayUnavailable, OutcomeUnknown, Provider, ProviderError
from gateways.providers.mailboxes import Mark
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.examples import account, at, message
from tests.gateways.providers.mail_peer import self_signed
from tests.raw_peers import raw_peer, read_request

SECONDS = 1.0
LIMIT = 10.0
"""A drip itself lasts four times as long."""
DRIPS = 400
EVERY = 0.1
MAIL = message(Channel.EMAIL)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    monkeypatch.setattr(smtp, "MAIL_SECONDS", SECONDS)
    monkeypatch.setattr(smtp, "CHECK_IN_ALL_SECONDS", SECONDS)
    monkeypatch.setattr(smtp, "CLOSE_SECONDS", SECONDS)
    monkeypatch.setattr(connection, "CHECK_IN_ALL_SECONDS", SECONDS)
    monkeypatch.setattr(imap_box, "READING_SECONDS", SECONDS)
    monkeypatch.setattr(requests_door, "CALL_SECONDS", SECONDS)


@contextmanager
def in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT


def drip(peer, *drops: bytes) -> None:
    for number in range(DRIPS):
        peer.sendall(drops[number % len(drops)])
        time.sleep(EVERY)


def mail_server(where: str, tls: ssl.SSLContext | None = None, *, is_tls: bool = False) -> Callable:
    """Speaks SMTP up to there; then it drips. With `tls`, what follows STARTTLS is inside."""

    def converse(peer, *, is_greeting: bool) -> None:
        if is_greeting:
            if where == "greeting":
                drip(peer, b"220-x\r\n")
            peer.sendall(b"220 x\r\n")
        while command := peer.recv(65536).upper():
            said = command[:4].decode()
            if command.startswith(b"STARTTLS"):
                if where == "STARTTLS":
                    drip(peer, b"2", b"2", b"0", b"-", b"\r\n")
                peer.sendall(b"220 go\r\n")
                with tls.wrap_socket(peer, server_side=True) as inside:
                    converse(inside, is_greeting=False)
                return
            if said == where:
                drip(peer, b"250-x\r\n")
            if said == "DATA":
                peer.sendall(b"354 go\r\n")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += peer.recv(65536)
                if where == "body":
                    drip(peer, *(bytes([byte]) for byte in b"250-taken\r\n"))
            peer.sendall(b"250-x\r\n250 STARTTLS\r\n" if said == "EHLO" else b"250 ok\r\n")

    def handle(peer) -> None:
        if is_tls and tls is not None:
            with tls.wrap_socket(peer, server_side=True) as inside:
                converse(inside, is_greeting=True)
        else:
            converse(peer, is_greeting=True)

    return handle


def outcome(provider: Provider, do: Callable[[], object]) -> type[ProviderError]:
    with in_time():
        with pytest.raises(ProviderError) as raised:
            do()
        provider.close()
    return type(raised.value)


def smtp_at(port: int, **changes: object) -> smtp.Smtp:
    plain = {"host": "127.0.0.1", "security": "none", "username": None, "password": None}
    return account("smtp", port=port, **(plain | changes))


BEFORE = ("greeting", "EHLO", "MAIL", "RCPT", "DATA")


@pytest.mark.parametrize("where", BEFORE)
def test_a_mail_server_that_drips_before_the_body_was_sent_nothing(where):
    with raw_peer(mail_server(where)) as peer:
        provider = smtp_at(peer.port)
        assert issubclass(outcome(provider, lambda: provider.send(MAIL)), GatewayUnavailable)


def pours(said: bytes) -> Callable:
    """A mail server that is answered in time, and says so without an end."""

    def handle(peer) -> None:
        peer.sendall(b"220 x\r\n" if said == b"EHLO" else b"")
        with suppress(OSError):
            while True:
                peer.sendall(b"250-x\r\n" * 10_000)

    return handle


@pytest.mark.parametrize("said", [b"", b"EHLO"])
def test_a_mail_server_that_pours_is_not_listened_to_for_ever(said, monkeypatch):
    monkeypatch.setattr(smtp, "MAIL_SECONDS", 60)
    with raw_peer(pours(said)) as peer:
        provider = smtp_at(peer.port)
        assert issubclass(outcome(provider, lambda: provider.send(MAIL)), GatewayUnavailable)


def test_a_mail_server_that_drips_after_the_body_may_have_taken_it():
    with raw_peer(mail_server("body")) as peer:
        provider = smtp_at(peer.port)
        assert outcome(provider, lambda: provider.send(MAIL)) is OutcomeUnknown
        assert len(peer.connections) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("where", "expected"), [("MAIL", GatewayUnavailable), ("body", OutcomeUnknown)]
)
def test_inside_tls_it_is_the_same(tmp_path, security, where, expected):
    context, trusted = self_signed(tmp_path)
    with raw_peer(mail_server(where, context, is_tls=security == "tls")) as peer:
        provider = smtp_at(
            peer.port, host="localhost", security=security, authority=trusted.read_text()
        )
        assert issubclass(outcome(provider, lambda: provider.send(MAIL)), expected)


def test_what_drips_before_tls_begins_was_sent_nothing(tmp_path):
    context, trusted = self_signed(tmp_path)
    with raw_peer(mail_server("STARTTLS", context)) as peer:
        provider = smtp_at(peer.port, security="starttls", authority=trusted.read_text())
        assert issubclass(outcome(provider, lambda: provider.send(MAIL)), GatewayUnavailable)


def test_a_kept_connection_has_as_long_for_the_next_mail():
    with raw_peer(mail_server("")) as peer:
        provider = smtp_at(peer.port)
        provider.send(MAIL)
        time.sleep(1.1 * SECONDS)
        provider.send(MAIL)
        assert len(peer.connections) == 1
        provider.close()


def test_a_mail_server_that_drips_at_the_end_costs_no_sent_mail():
    with raw_peer(mail_server("QUIT")) as peer:
        provider = smtp_at(peer.port)
        with in_time():
            provider.send(MAIL)
            provider.close()


def test_a_connection_check_ends_where_the_mail_server_drips():
    with raw_peer(mail_server("NOOP")) as peer:
        provider = smtp_at(peer.port)
        assert issubclass(outcome(provider, provider.check_connection), GatewayUnavailable)


@pytest.mark.parametrize("slug", ["resend", "amazon_ses"])
def test_a_connection_check_ends_before_a_call_would(slug, monkeypatch):
    monkeypatch.setattr(requests_door, "CALL_SECONDS", 60)
    with raw_peer(service(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")) as peer:
        provider = account_over_http(slug, peer.url)
        with in_time():
            assert not connection.check(provider).is_connected
        provider.close()


def service(head: bytes, *drops: bytes) -> Callable:
    def handle(peer) -> None:
        read_request(peer)
        peer.sendall(head)
        drip(peer, *drops)

    return handle


def account_over_http(slug: str, url: str) -> Provider:
    return build(slug, validate_config(provider_class(slug), at(slug, url)))


@pytest.mark.parametrize("slug", ["resend", "amazon_ses"])
@pytest.mark.parametrize(
    ("head", "drops"),
    [
        (b"", [b"H"]),
        (b"HTTP/1.1 2", [b"0"]),
        (b"HTTP/1.1 200 OK\r\n", [b"X-A: b\r\n"]),
        (b"HTTP/1.1 200 OK\r\nX-A: ", [b"b"]),
        (b"", [b"HTTP/1.1 100 Continue\r\n\r\n"]),
    ],
)
def test_a_service_that_drips_a_status_line_or_headers_may_have_taken_it(slug, head, drops):
    with raw_peer(service(head, *drops)) as peer:
        provider = account_over_http(slug, peer.url)
        assert outcome(provider, lambda: provider.send(MAIL)) is OutcomeUnknown
        assert len(peer.connections) == 1


def test_inside_tls_headers_drip_no_longer(tmp_path):
    context, trusted = self_signed(tmp_path)

    def handle(peer) -> None:
        with context.wrap_socket(peer, server_side=True) as inside:
            service(b"HTTP/1.1 200 OK\r\nX-A: ", b"b")(inside)

    with (
        raw_peer(handle) as peer,
        requests_door.GuardedSession(trusted.read_text()) as session,
        in_time(),
        pytest.raises(OSError, match="timed out"),
    ):
        session.post(f"https://localhost:{peer.port}/", data=b"x")


@pytest.mark.parametrize("where", ["greeting", "LOGIN", "SELECT", "STATUS"])
def test_a_mailbox_that_drips_is_given_up(where):
    def handle(peer) -> None:
        if where == "greeting":
            drip(peer, b"*")
        peer.sendall(b"* OK IMAP4rev1\r\n")
        while command := peer.recv(65536):
            tag, name, *_ = command.split()
            if name.decode() == where:
                drip(peer, b"* OK still at it\r\n")
            peer.sendall(b"* CAPABILITY IMAP4rev1\r\n" if name == b"CAPABILITY" else b"")
            peer.sendall(tag + b" OK done\r\n")

    with raw_peer(handle) as peer:
        box = imap_box.ImapBox(
            {
                "imap_host": "127.0.0.1",
                "imap_port": peer.port,
                "imap_security": "none",
                "imap_user": "a",
                "imap_password": "b",
            }
        )
        with in_time(), pytest.raises(GatewayUnavailable):
            box.read(Mark(), 10)
