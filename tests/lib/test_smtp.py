import smtplib
import socket

import pytest

from gateway_project.lib.smtp import BODY_SECONDS, GuardedSMTP
from gateway_project.lib.transport import EgressRefused, NotSent

PUBLIC, PRIVATE = "93.184.215.14", "10.0.0.1"


def resolving_to(monkeypatch, *addresses):
    """Lets every name resolve to these, and records where a connection is tried."""
    tried = []

    def getaddrinfo(host, port, **options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    def create_connection(address, timeout=None, source=None):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


@pytest.fixture(autouse=True)
def _nothing_listed(settings):
    settings.EGRESS_ALLOW = []


@pytest.mark.parametrize("addresses", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], ["::1"]])
def test_a_name_with_an_address_inside_the_house_is_not_called(monkeypatch, addresses):
    tried = resolving_to(monkeypatch, *addresses)

    with pytest.raises(EgressRefused):
        GuardedSMTP("mail.example", 25)

    assert tried == []


def test_the_checked_addresses_are_called_and_not_the_name_again(monkeypatch):
    tried = resolving_to(monkeypatch, PUBLIC, "93.184.215.15")

    with pytest.raises(NotSent):
        GuardedSMTP("mail.example", 25)

    assert tried == [(PUBLIC, 25), ("93.184.215.15", 25)]


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "mail..example", "nobody.invalid"])
def test_a_host_without_an_address_is_a_message_not_sent(host):
    with pytest.raises(NotSent):
        GuardedSMTP(host, 25)


def test_only_the_body_counts_as_written(monkeypatch):
    connection = GuardedSMTP()
    monkeypatch.setattr(smtplib.SMTP, "send", lambda self, text: None)

    connection.putcmd("RCPT TO:<a@example.com>")
    assert not connection.body_written

    connection.send(b"body")
    assert connection.body_written


def test_a_body_may_take_longer_than_a_command():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = GuardedSMTP(timeout=20)
        connection.sock = ours
        connection.send(b"body")
        assert ours.gettimeout() == BODY_SECONDS > connection.timeout
        theirs.sendall(b"250 ok\r\n")
        connection.mail("a@example.com")
        assert ours.gettimeout() == connection.timeout
