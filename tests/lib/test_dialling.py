"""Connections of blocking libraries: which addresses they go to, and how often a name is asked."""

import socket

import pytest

from gateway_project.lib.dialling import dial
from gateway_project.lib.transport import EgressRefused, NotSent
from tests.raw_peers import answering, raw_peer

NAME = "service.example"
PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.1"


@pytest.fixture
def resolver(monkeypatch):
    """Answers look-ups of our name with what stands in `found`, and counts them."""
    real = socket.getaddrinfo

    class Resolver:
        found: list[str] = []
        asked = 0

    def look_up(host, port, *args, **kwargs):
        if host != NAME:
            return real(host, port, *args, **kwargs)
        Resolver.asked += 1
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in Resolver.found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return Resolver


@pytest.fixture
def dialled(monkeypatch):
    """The addresses that were connected to."""
    addresses = []
    real = socket.create_connection

    def create_connection(address, *args, **kwargs):
        addresses.append(address[0])
        return real(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return addresses


@pytest.mark.parametrize(
    "found", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "169.254.169.254"]]
)
def test_one_address_inside_the_house_forbids_them_all(found, resolver, dialled, settings):
    settings.EGRESS_ALLOW = []
    resolver.found = found

    with pytest.raises(EgressRefused):
        dial(NAME, 443, 1.0)

    assert dialled == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "::1"])
def test_an_address_inside_the_house_is_refused_in_every_spelling(host, dialled, settings):
    settings.EGRESS_ALLOW = []

    with pytest.raises(NotSent):
        dial(host, 80, 1.0)

    assert dialled == []


def test_a_name_is_looked_up_once_and_the_checked_address_called(resolver, dialled):
    resolver.found = ["127.0.0.1"]

    with raw_peer(answering(b"")) as peer, dial(NAME, peer.port, 1.0) as connection:
        assert connection.getpeername() == ("127.0.0.1", peer.port)

    assert resolver.asked == 1
    assert dialled == ["127.0.0.1"]


def test_the_next_address_is_tried_where_one_takes_no_connection(resolver, dialled):
    resolver.found = ["127.0.0.2", "127.0.0.1"]

    with raw_peer(answering(b"")) as peer, dial(NAME, peer.port, 1.0) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"

    assert dialled == ["127.0.0.2", "127.0.0.1"]


def test_a_house_where_nobody_opens_was_sent_nothing(resolver):
    resolver.found = ["127.0.0.1", "127.0.0.2"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(NotSent) as failure:
        dial(NAME, port, 1.0)

    assert type(failure.value) is NotSent
    assert NAME not in str(failure.value)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example", "a..example"])
def test_a_name_without_an_address_was_sent_nothing(host):
    with pytest.raises(NotSent) as failure:
        dial(host, 80, 1.0)

    assert host not in str(failure.value)


def test_a_connection_keeps_the_time_that_it_was_given(resolver):
    resolver.found = ["127.0.0.1"]

    with raw_peer(answering(b"")) as peer, dial(NAME, peer.port, 1.5) as connection:
        assert connection.gettimeout() == 1.5
