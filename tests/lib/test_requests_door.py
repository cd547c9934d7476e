"""The door out for libraries that speak through requests, with real sockets on the other side."""

import gzip
import socket
import ssl
import time

import pytest
import requests

from gateway_project.lib import requests_door
from gateway_project.lib.requests_door import GuardedSession
from gateway_project.lib.transport import EgressRefused, NoAnswer, NotSent, NotTrusted
from tests.peers import Answer, http_peer
from tests.raw_peers import (
    NOTHING,
    answering,
    certificate,
    certificate_of_an_authority,
    over_tls,
    raw_peer,
    read_request,
    reset,
)

NAME = "service.example"


@pytest.fixture
def session():
    with GuardedSession() as opened:
        yield opened


@pytest.fixture
def named(monkeypatch):
    """Our name leads to loopback."""
    real = socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        return real("127.0.0.1" if host == NAME else host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def test_an_answer_comes_back_whole(session):
    with http_peer(lambda asked: Answer(201, {"id": 1}, {"X-A": "b"})) as peer:
        response = session.post(f"{peer.url}/a?b=c", json={"to": "x"}, headers={"X-Key": "k"})

    (asked,) = peer.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/a", {"b": "c"})
    assert (asked.json, asked.headers["x-key"]) == ({"to": "x"}, "k")
    assert (response.status_code, response.json(), response.headers["X-A"]) == (201, {"id": 1}, "b")


def test_tls_asks_for_the_name_and_so_does_host(named, tmp_path):
    path, authority = certificate_of_an_authority(tmp_path, NAME)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    asked_for, heard = [], []
    context.sni_callback = lambda sock, name, context: asked_for.append(name)

    def handle(connection):
        with context.wrap_socket(connection, server_side=True) as wrapped:
            heard.append(read_request(wrapped))
            wrapped.sendall(NOTHING)

    with raw_peer(handle) as peer, GuardedSession(authority) as session:
        response = session.get(f"https://{NAME}:{peer.port}/")

    assert response.text == "ok"
    assert asked_for == [NAME]
    assert f"Host: {NAME}:{peer.port}".encode() in heard[0]


def test_an_unknown_authority_is_not_trusted_and_is_sent_nothing(session, named, tmp_path):
    heard = []
    handle = over_tls(certificate(tmp_path, NAME), lambda wrapped: heard.append(wrapped.recv(1)))

    with raw_peer(handle) as peer, pytest.raises(NotTrusted) as failure:
        session.post(f"https://{NAME}:{peer.port}/", data=b"x")

    assert "certificate" in str(failure.value)
    assert NAME not in str(failure.value)
    assert heard == []


@pytest.mark.parametrize(
    ("served", "days", "cause"),
    [
        ("other.example", 2, "the certificate is for another host"),
        (NAME, -1, "the certificate has expired"),
    ],
)
def test_a_certificate_of_a_trusted_authority_has_to_fit_all_the_same(
    named, tmp_path, served, days, cause
):
    path, authority = certificate_of_an_authority(tmp_path, served, days=days)

    with (
        raw_peer(over_tls(path, read_request)) as peer,
        GuardedSession(authority) as session,
        pytest.raises(NotTrusted, match=f"^{cause}$"),
    ):
        session.get(f"https://{NAME}:{peer.port}/")


@pytest.mark.parametrize("is_ours", [False, True])
def test_where_an_authority_is_named_no_other_is_trusted(named, tmp_path, monkeypatch, is_ours):
    path, system_s = certificate_of_an_authority(tmp_path, NAME)
    _, ours = certificate_of_an_authority(tmp_path / "ours", NAME)
    (tmp_path / "bundle.pem").write_text(system_s)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))

    with (
        raw_peer(over_tls(path, answering(NOTHING))) as peer,
        GuardedSession(ours if is_ours else "") as session,
    ):
        url = f"https://{NAME}:{peer.port}/"
        if is_ours:
            with pytest.raises(NotTrusted):
                session.get(url)
        else:
            assert session.get(url).text == "ok"


def test_nobody_talks_the_door_out_of_looking_at_certificates(session, named, tmp_path):
    path = certificate(tmp_path, NAME)
    with raw_peer(over_tls(path, answering(NOTHING))) as peer, pytest.raises(NotTrusted):
        session.get(f"https://{NAME}:{peer.port}/", verify=False)


def test_a_server_that_does_not_speak_tls_was_sent_nothing(session):
    with raw_peer(answering(NOTHING)) as peer, pytest.raises(NotSent) as failure:
        session.get(peer.url.replace("http:", "https:"))

    assert type(failure.value) is NotSent


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(session, status):
    with (
        http_peer() as elsewhere,
        http_peer(lambda asked: Answer(status, "moved", {"Location": elsewhere.url})) as peer,
    ):
        response = session.post(peer.url, data=b"x", allow_redirects=True)
        assert elsewhere.asked == []

    assert (response.status_code, response.text) == (status, "moved")
    assert len(peer.asked) == 1


def test_the_body_of_a_redirect_is_bounded_too(session, monkeypatch):
    monkeypatch.setattr(requests_door, "READ_CAP", 10)

    answer = Answer(302, b"x" * 11, {"Location": "https://elsewhere.example/"})
    with http_peer(lambda asked: answer) as peer, pytest.raises(NoAnswer):
        session.get(peer.url)


def test_nothing_of_the_environment_counts(session, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret\n")
    with http_peer() as proxy, http_peer() as peer:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        session.get(peer.url, proxies={"http": proxy.url})
        assert proxy.asked == []

    (asked,) = peer.asked
    assert "authorization" not in asked.headers


def test_an_address_inside_the_house_is_refused(session, settings):
    with http_peer() as peer:
        settings.EGRESS_ALLOW = []
        with pytest.raises(EgressRefused):
            session.get(peer.url)
        assert peer.asked == []


# ---- Bounds


def test_an_answer_as_long_as_is_allowed_is_read(session, monkeypatch):
    monkeypatch.setattr(requests_door, "READ_CAP", 10)

    with http_peer(lambda asked: Answer(200, b"x" * 10)) as peer:
        assert session.get(peer.url).content == b"x" * 10


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_longer_answer_is_cut_off(session, monkeypatch, is_packed):
    monkeypatch.setattr(requests_door, "READ_CAP", 1000)
    body = gzip.compress(bytes(10_000_000)) if is_packed else bytes(1001)
    headers = {"Content-Encoding": "gzip"} if is_packed else {}

    with http_peer(lambda asked: Answer(200, body, headers)) as peer, pytest.raises(NoAnswer):
        session.get(peer.url)


def dripping(head: bytes):
    """A peer that sends the head, and then a byte every 50 ms."""

    def handle(connection):
        read_request(connection)
        connection.sendall(head)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(b"1\r\nx\r\n" if b"chunked" in head else b"x")

    return handle


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
def test_an_answer_that_drips_is_not_waited_for(session, monkeypatch, framing):
    monkeypatch.setattr(requests_door, "READ_SECONDS", 0.3)
    began = time.monotonic()

    handle = dripping(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
    with raw_peer(handle) as peer, pytest.raises(NoAnswer):
        session.get(peer.url)

    assert time.monotonic() - began < 3


def test_an_answer_that_is_cut_short_is_none(session):
    with (
        raw_peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as peer,
        pytest.raises((NoAnswer, requests.RequestException)) as failure,
    ):
        session.get(peer.url)

    assert not isinstance(failure.value, NotSent)


# ---- Before and after it was written


def test_a_handshake_that_never_ends_was_sent_nothing(session, monkeypatch):
    monkeypatch.setattr(requests_door, "CONNECT_SECONDS", 0.2)

    with raw_peer(lambda connection: None) as peer, pytest.raises(NotSent):
        session.get(peer.url.replace("http:", "https:"), timeout=None)


def test_no_answer_in_time_may_have_been_read(session, monkeypatch):
    monkeypatch.setattr(requests_door, "READ_SECONDS", 0.2)

    with http_peer(lambda asked: Answer(delay=2)) as peer:
        with pytest.raises((NoAnswer, requests.RequestException)) as failure:
            session.post(peer.url, data=b"x", timeout=None)
        assert len(peer.asked) == 1

    assert not isinstance(failure.value, NotSent)


def test_a_peer_that_hangs_up_may_have_read_it(session):
    def handle(connection):
        read_request(connection)
        reset(connection)

    with raw_peer(handle) as peer:
        with pytest.raises((NoAnswer, requests.RequestException)) as failure:
            session.post(peer.url, data=b"x")
        assert len(peer.connections) == 1

    assert not isinstance(failure.value, NotSent)


def test_a_kept_connection_serves_the_next_call(session):
    with raw_peer(answering(NOTHING, then_close=False)) as peer:
        assert [session.get(peer.url).text for _ in range(3)] == ["ok"] * 3
        assert len(peer.connections) == 1


def test_a_kept_connection_that_was_closed_is_replaced(session):
    with raw_peer(answering(NOTHING)) as peer:
        session.get(peer.url)
        time.sleep(0.2)
        assert session.get(peer.url).text == "ok"
        assert len(peer.connections) == 2
