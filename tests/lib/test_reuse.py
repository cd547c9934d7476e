"""Calls over a connection that is kept, beside those for which aiohttp makes one."""

import gzip
import socket
import threading

import pytest

from gateway_project.lib import reuse
from gateway_project.lib.http import HttpCall, HttpClient, NoAnswer, NotSent
from tests.raw_peers import NOTHING, raw_peer, read_request, reset

HEADERS = {"X-Id": "7", "Authorization": "Bearer ü"}
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000


@pytest.fixture
def client():
    opened = HttpClient()
    yield opened
    opened.close()


def call(url, method="POST", body=b'{"to": "x"}', **more):
    return HttpCall(method=method, url=url, body=body, **{"timeout": 5.0, **more})


def warmed_up(client, peer):
    """One connection to the peer is kept."""
    client.perform(call(peer.url))
    assert len(peer.connections) == 1


class Script:
    """Answers the requests of all connections one after the other, and keeps them."""

    def __init__(self, *answers):
        self.asked, self.answers = [], [NOTHING, *answers]

    def __call__(self, connection):
        while request := read_request(connection):
            self.asked.append(request)
            answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
            if callable(answer):
                answer(connection)
                return
            connection.sendall(answer)


def lines(request):
    """The request line, the headers whatever their order, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    return first, sorted(headers), body


@pytest.mark.parametrize(
    ("method", "body", "headers"),
    [
        ("POST", b"{}", {}),
        ("POST", b"", {}),
        ("POST", b"{}", {"content-type": "application/json", "ACCEPT": "text/plain"}),
        ("PUT", b"x" * 3000, HEADERS),
        ("PATCH", b"{}", {"User-Agent": "Other", "Accept-Encoding": "identity"}),
        ("DELETE", b"", HEADERS),
        ("DELETE", b"{}", {}),
        ("GET", b"", HEADERS),
        ("GET", b"{}", {}),
        ("HEAD", b"", {}),
    ],
)
def test_what_is_written_is_what_aiohttp_writes(client, monkeypatch, method, body, headers):
    path = "/a%2Fb/%7E/ä?x=%20&y=a+b&z=%C3%A4#fragment"
    head = NOTHING if method != "HEAD" else NOTHING.partition(b"ok")[0]

    def asked_twice():
        script = Script(head)
        with raw_peer(script) as peer:
            warmed_up(client, peer)
            client.perform(call(peer.url + path, method, body, headers=headers))
            first, found, end = lines(script.asked[1])
            host = f"Host: 127.0.0.1:{peer.port}".encode()
            assert host in found
            assert len(peer.connections) == 1
            return first, [each for each in found if each != host], end

    over_kept = asked_twice()
    monkeypatch.setattr(reuse, "METHODS", frozenset())
    assert over_kept == asked_twice()


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + NOTHING, 200, "ok"),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, ""),
        (b"HTTP/1.1 503 Away\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\naway", 503, "away"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
            % (len(gzip.compress(b"ok", mtime=0)), gzip.compress(b"ok", mtime=0)),
            200,
            "ok",
        ),
    ],
)
def test_answers_are_read_as_ever_and_the_connection_goes_on(client, answer, status, text):
    with raw_peer(Script(answer, NOTHING)) as peer:
        warmed_up(client, peer)
        found = client.perform(call(peer.url))
        assert (found.status, found.text, found.is_cut) == (status, text, False)
        assert client.perform(call(peer.url)).text == "ok"
        assert len(peer.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_the_peer_will_close_is_not_kept(client, answer):
    with raw_peer(Script(answer, NOTHING)) as peer:
        warmed_up(client, peer)
        assert client.perform(call(peer.url)).text == "ok"
        assert client.perform(call(peer.url)).text == "ok"
        assert len(peer.connections) == 2


def test_of_a_long_answer_the_beginning_is_read_and_the_connection_left(client):
    with raw_peer(Script(LONG, NOTHING)) as peer:
        warmed_up(client, peer)
        found = client.perform(call(peer.url, read_cap=100))
        assert (len(found.body), found.is_cut) == (100, True)
        assert client.perform(call(peer.url)).text == "ok"
        assert len(peer.connections) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"220 smtp.example ESMTP\r\n",
        b"",
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_whole_answer_leaves_the_outcome_open_and_is_not_repeated(client, answer, method):
    def broken(connection):
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    script = Script(broken, NOTHING)
    with raw_peer(script) as peer:
        warmed_up(client, peer)
        with pytest.raises(NoAnswer):
            client.perform(call(peer.url, method, b""))
        assert len(script.asked) == 2


def test_a_reset_leaves_the_outcome_open(client):
    with raw_peer(Script(reset)) as peer:
        warmed_up(client, peer)
        with pytest.raises(NoAnswer, match="^(connection reset by peer|the peer hung up)$"):
            client.perform(call(peer.url))


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_was_said(client):
    come = threading.Event()
    with raw_peer(Script(lambda connection: come.wait(20), NOTHING)) as peer:
        warmed_up(client, peer)
        with pytest.raises(NoAnswer, match="^timed out$"):
            client.perform(call(peer.url, timeout=0.2))
        come.set()
        assert client.perform(call(peer.url)).text == "ok"
        assert len(peer.connections) == 2


def test_what_came_unasked_is_nobodys_answer(client):
    with raw_peer(Script(NOTHING + NOTHING.replace(b"200", b"201"), NOTHING)) as peer:
        warmed_up(client, peer)
        for _ in range(2):
            assert client.perform(call(peer.url)).status == 200


def test_what_is_in_the_air_when_the_client_closes_may_have_been_read(client):
    is_there = threading.Event()

    def silent(connection):
        is_there.set()

    with raw_peer(Script(silent)) as peer:
        warmed_up(client, peer)
        future = client.submit(call(peer.url))
        assert is_there.wait(10)
        client.close()
        with pytest.raises(NoAnswer, match="^the client was closed$"):
            future.result(10)


def test_a_header_that_would_be_two_is_not_sent(client):
    script = Script()
    with raw_peer(script) as peer:
        warmed_up(client, peer)
        with pytest.raises(NotSent):
            client.perform(call(peer.url, headers={"X": "a\r\nY: b"}))
        assert len(script.asked) == 1


def test_calls_at_once_each_have_a_connection_of_their_own(client):
    script = Script()
    with raw_peer(script) as peer:
        warmed_up(client, peer)
        futures = [client.submit(call(peer.url)) for _ in range(20)]
        assert {future.result(10).text for future in futures} == {"ok"}
        assert len(script.asked) == 21
