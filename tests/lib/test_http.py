import gzip
import os
import socket
import threading
from concurrent.futures import wait
from dataclasses import replace

import pytest

from gateway_project.lib import http
from gateway_project.lib.http import (
    EgressRefused,
    HttpAnswer,
    HttpCall,
    HttpClient,
    NoAnswer,
    NotSent,
    NotTrusted,
    TransportError,
    http_client,
)
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

BODY = b'{"to": "+4915112345678"}'
NAME = "provider.example"


@pytest.fixture
def open_client():
    """Opens clients, with a resolver of their own if wanted, and closes them in the end."""
    opened = []

    def open_(**options):
        opened.append(HttpClient(**options))
        return opened[-1]

    yield open_
    for client in opened:
        client.close()


@pytest.fixture
def client(open_client):
    return open_client()


def loopback(host, port):
    return ["127.0.0.1"]


def post(url, **more):
    return HttpCall(method="POST", url=url, body=BODY, **{"timeout": 5.0, **more})


def get(url, **more):
    return HttpCall(method="GET", url=url, **{"timeout": 5.0, **more})


class TestAnswers:
    def test_a_call_arrives_as_it_was_given(self, client):
        with http_peer(lambda asked: Answer(201, {"id": 7}, {"X-Id": "9"})) as peer:
            url = f"{peer.url}/a%2Fb/%7E?x=%20&y=a+b#fragment"
            answer = client.perform(post(url, headers={"Authorization": "Bearer x"}))
        (asked,) = peer.asked
        assert (asked.method, asked.path) == ("POST", "/a%2Fb/%7E")
        assert asked.query == {"x": " ", "y": "a b"}
        assert asked.body == BODY
        assert asked.headers["authorization"] == "Bearer x"
        assert asked.headers["user-agent"] == "Gatehouse"
        assert asked.headers["content-length"] == str(len(BODY))
        assert (answer.status, answer.json(), answer.headers["x-id"]) == (201, {"id": 7}, "9")
        assert not answer.is_cut

    @pytest.mark.parametrize("status", [204, 400, 401, 404, 429, 500, 503])
    def test_an_answer_is_an_answer_whatever_its_status(self, client, status):
        with http_peer(lambda asked: Answer(status)) as peer:
            assert client.perform(get(peer.url)).status == status

    def test_nothing_is_remembered_from_one_call_to_the_next(self, client):
        with http_peer(lambda asked: Answer(headers={"Set-Cookie": "a=b; Path=/"})) as peer:
            client.perform(get(f"{peer.url}/first?api_key=x"))
            client.perform(get(f"{peer.url}/second"))
        assert "cookie" not in peer.asked[1].headers
        assert "referer" not in peer.asked[1].headers

    def test_a_redirect_is_an_answer_and_is_not_followed(self, client):
        with (
            http_peer() as inner,
            http_peer(lambda asked: Answer(302, headers={"Location": inner.url})) as peer,
        ):
            assert client.perform(get(peer.url)).status == 302
            assert client.perform(post(peer.url)).status == 302
        assert inner.asked == []

    def test_proxies_of_the_environment_are_not_used(self, open_client, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        client = open_client()
        with http_peer() as peer:
            assert client.perform(get(peer.url)).status == 200

    def test_connections_are_kept(self, client):
        with raw_peer(answering(NOTHING, then_close=False)) as peer:
            for _ in range(5):
                assert client.perform(post(peer.url)).text == "ok"
        assert len(peer.connections) == 1

    def test_hundreds_of_calls_are_in_the_air_at_once(self, client):
        everyone = threading.Barrier(100)

        def respond(asked):
            everyone.wait(20)
            return Answer(body=asked.path)

        with http_peer(respond) as peer:
            peer.server.request_queue_size = 200
            peer.server.socket.listen(200)
            futures = [
                client.submit(get(f"{peer.url}/{number}", timeout=30)) for number in range(100)
            ]
            texts = [future.result().text for future in futures]
        assert texts == [f"/{number}" for number in range(100)]


class TestSize:
    def test_a_body_at_the_cap_is_whole_and_one_byte_more_is_cut(self, client):
        with http_peer(lambda asked: Answer(body=b"x" * 1000)) as peer:
            whole = client.perform(get(peer.url, read_cap=1000))
            cut = client.perform(get(peer.url, read_cap=999))
        assert (len(whole.body), whole.is_cut) == (1000, False)
        assert (len(cut.body), cut.is_cut) == (999, True)

    def test_of_an_endless_answer_the_beginning_is_read(self, client):
        with http_peer(lambda asked: Answer(body=b"x" * 30_000_000)) as peer:
            answer = client.perform(get(peer.url))
            assert (len(answer.body), answer.is_cut) == (1024 * 1024, True)
            assert client.perform(get(peer.url, read_cap=10)).body == b"x" * 10

    def test_a_compressed_body_is_read_and_a_bomb_is_cut(self, client):
        bomb = gzip.compress(b"\0" * 30_000_000)
        sizes = {"/small": gzip.compress(b"small"), "/bomb": bomb}
        with http_peer(
            lambda asked: Answer(body=sizes[asked.path], headers={"Content-Encoding": "gzip"})
        ) as peer:
            assert client.perform(get(f"{peer.url}/small")).text == "small"
            answer = client.perform(get(f"{peer.url}/bomb"))
        assert (len(answer.body), answer.is_cut) == (1024 * 1024, True)


class TestNothingWasWritten:
    def test_a_refused_connection(self, client):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(NotSent, match="^connection refused$"):
            client.perform(post(f"http://127.0.0.1:{port}/"))

    def test_a_name_that_nobody_knows(self, open_client):
        def unknown(host, port):
            raise socket.gaierror(socket.EAI_NONAME, f"unknown {host}")

        client = open_client(look_up=unknown)
        with pytest.raises(NotSent, match="^the name does not resolve$"):
            client.perform(post("https://provider.example/"))

    def test_a_peer_that_never_shakes_hands(self, client):
        with (
            raw_peer(lambda connection: None) as peer,
            pytest.raises(NotSent, match="^timed out$"),
        ):
            client.perform(post(f"https://127.0.0.1:{peer.port}/", timeout=0.2))

    def test_a_peer_without_tls(self, client):
        with http_peer() as peer, pytest.raises(NotSent, match="^TLS failed$"):
            client.perform(post(f"https://127.0.0.1:{peer.port}/"))

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "/path",
            "provider.example/x",
            "ftp://127.0.0.1/",
            "ws://127.0.0.1/",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:x/",
            "http://user:pass@127.0.0.1/",
            "http://127.0.0.1\\@provider.example/",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/\r\nX-Injected: 1",
            "http://127.0.0.1/\x00",
            "http://[::1/",
            "http://a..b/",
        ],
    )
    def test_what_is_no_url(self, client, url):
        with pytest.raises(NotSent):
            client.perform(post(url))

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Id": "1\r\nX-Injected: 2"},
            {"X-Id\r\nX-Injected: 2": "1"},
            {"X-Id": "1\x00"},
            {"X-Id": "\ud800"},
            {"Content-Length": "1"},
            {"transfer-encoding": "chunked"},
            {"Host": "other.example"},
        ],
    )
    def test_headers_that_would_break_the_request(self, client, headers):
        with http_peer() as peer:
            with pytest.raises(NotSent):
                client.perform(post(peer.url, headers=headers))
            with pytest.raises(NotSent):
                client.perform(get(peer.url, headers=headers))
            assert client.perform(get(peer.url)).status == 200
        assert len(peer.asked) == 1


class TestNobodyKnows:
    def test_a_peer_that_reads_and_hangs_up_is_asked_once(self, client):
        with http_peer(lambda asked: Answer(hang_up=True)) as peer:
            for call in (post(peer.url), get(peer.url)):
                with pytest.raises(NoAnswer, match="^the peer hung up$"):
                    client.perform(call)
        assert [asked.method for asked in peer.asked] == ["POST", "GET"]

    def test_on_a_kept_connection_too_nothing_is_repeated(self, client):
        with http_peer(lambda asked: Answer(hang_up=asked.path == "/bad")) as peer:
            for method in (post, get):
                client.perform(get(f"{peer.url}/good"))
                with pytest.raises(NoAnswer):
                    client.perform(method(f"{peer.url}/bad"))
        assert [asked.path for asked in peer.asked] == ["/good", "/bad"] * 2

    def test_a_connection_reset_after_reading(self, client):
        def handle(connection):
            read_request(connection)
            reset(connection)

        with raw_peer(handle) as peer, pytest.raises(NoAnswer, match="^connection reset by peer$"):
            client.perform(post(peer.url))

    def test_a_peer_that_hangs_up_in_the_middle_of_a_long_request(self, client):
        def handle(connection):
            connection.recv(1000)
            reset(connection)

        with raw_peer(handle) as peer, pytest.raises(NoAnswer):
            client.perform(HttpCall(method="POST", url=peer.url, body=b"x" * 20_000_000))

    def test_an_answer_that_does_not_come(self, client):
        with (
            http_peer(lambda asked: Answer(delay=60)) as peer,
            pytest.raises(NoAnswer, match="^timed out$"),
        ):
            client.perform(post(peer.url, timeout=0.3))

    def test_an_answer_that_comes_too_slowly(self, client):
        def handle(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not peer.closing.wait(0.02):
                connection.sendall(b"x")

        with raw_peer(handle) as peer, pytest.raises(NoAnswer, match="^timed out$"):
            client.perform(post(peer.url, timeout=0.3))

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
            b"HTTP/1.1 200 OK\r\nContent-Len",
            b"220 smtp.example ESMTP\r\n",
            b"\x00\x01\x02\x03\r\n\r\n",
            b"",
        ],
    )
    def test_an_answer_that_is_cut_short_or_broken(self, client, answer):
        with raw_peer(answering(answer)) as peer, pytest.raises(NoAnswer):
            client.perform(post(peer.url))

    def test_a_peer_that_hangs_up_at_once_is_an_error_either_way(self, client):
        with raw_peer(socket.socket.close) as peer, pytest.raises(TransportError):
            client.perform(post(peer.url))


class TestKeptConnections:
    def test_one_that_the_peer_has_closed_is_left_before_anything_is_written(self, client):
        asked = []

        def handle(connection):
            while request := read_request(connection):
                asked.append(request)
                connection.sendall(NOTHING)

        with raw_peer(handle) as peer:
            client.perform(post(peer.url))
            is_closed = threading.Event()
            # The loop is held while the peer hangs up, so that only the socket can tell.
            client._loop.call_soon_threadsafe(is_closed.wait)
            future = client.submit(post(peer.url))
            peer.connections[0].shutdown(socket.SHUT_RDWR)
            is_closed.set()
            assert future.result().text == "ok"
            assert len(peer.connections) == 2
        assert len(asked) == 2


class TestTls:
    def test_a_trusted_peer_is_reached_by_its_name(
        self, open_client, settings, tmp_path, monkeypatch
    ):
        settings.EGRESS_ALLOW = [NAME]
        seen = []

        def handle(connection):
            seen.append(read_request(connection))
            connection.sendall(NOTHING)

        path = certificate(tmp_path, NAME)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        client = open_client(look_up=loopback)
        with raw_peer(over_tls(path, handle)) as peer:
            assert client.perform(post(f"https://{NAME}:{peer.port}/")).text == "ok"
        assert f"Host: {NAME}:{peer.port}\r\n".encode() in seen[0]

    @pytest.mark.parametrize(
        ("name", "days", "is_trusted", "cause"),
        [
            (NAME, 2, False, "the certificate is self-signed"),
            (NAME, -1, True, "the certificate has expired"),
            ("other.example", 2, True, "the certificate is for another host"),
        ],
    )
    def test_a_peer_that_cannot_prove_itself_is_sent_nothing(
        self, open_client, settings, tmp_path, monkeypatch, name, days, is_trusted, cause
    ):
        settings.EGRESS_ALLOW = [NAME]
        path = certificate(tmp_path, name, days=days)
        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        client = open_client(look_up=loopback)
        with (
            raw_peer(over_tls(path, answering(NOTHING))) as peer,
            pytest.raises(NotSent, match=f"^{cause}$"),
        ):
            client.perform(post(f"https://{NAME}:{peer.port}/"))

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_peer_behind_tls_leads_nobody_out_of_it(
        self, open_client, settings, tmp_path, monkeypatch, status
    ):
        settings.EGRESS_ALLOW = [NAME, "127.0.0.1"]
        path = certificate(tmp_path, NAME)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        client = open_client(look_up=loopback)
        with raw_peer(answering(NOTHING)) as plain:
            lead = f"HTTP/1.1 {status} Moved\r\nLocation: {plain.url}/\r\nContent-Length: 0\r\n\r\n"
            with raw_peer(over_tls(path, answering(lead.encode()))) as peer:
                answer = client.perform(post(f"https://{NAME}:{peer.port}/"))
            assert answer.status == status
            assert plain.connections == []

    def test_a_call_s_own_authority_is_trusted_for_that_call_alone(
        self, open_client, settings, tmp_path
    ):
        settings.EGRESS_ALLOW = [NAME]
        path, authority = certificate_of_an_authority(tmp_path, NAME)
        client = open_client(look_up=loopback)
        with raw_peer(over_tls(path, answering(NOTHING))) as peer:
            call = post(f"https://{NAME}:{peer.port}/")
            assert client.perform(replace(call, authority=authority)).text == "ok"
            with pytest.raises(NotTrusted, match=r"^the certificate is signed by an unknown"):
                client.perform(call)

    @pytest.mark.parametrize("served", [NAME, "other.example"])
    def test_with_an_authority_of_its_own_a_call_trusts_no_other_and_no_other_host(
        self, open_client, settings, tmp_path, monkeypatch, served
    ):
        settings.EGRESS_ALLOW = [NAME]
        path, authority = certificate_of_an_authority(tmp_path, served)
        if served == NAME:
            path = certificate(tmp_path, NAME)
            monkeypatch.setenv("SSL_CERT_FILE", str(path))
        client = open_client(look_up=loopback)
        with (
            raw_peer(over_tls(path, answering(NOTHING))) as peer,
            pytest.raises(NotTrusted),
        ):
            client.perform(replace(post(f"https://{NAME}:{peer.port}/"), authority=authority))


class TestEgress:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "127.1", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "localhost"]
    )
    def test_an_address_inside_is_not_called_in_any_spelling(self, client, settings, host):
        settings.EGRESS_ALLOW = []
        with http_peer() as peer, pytest.raises(EgressRefused):
            client.perform(get(f"http://{host}:{peer.port}/"))
        assert peer.asked == []

    @pytest.mark.parametrize(
        "answers",
        [
            ["127.0.0.1"],
            ["8.8.8.8", "127.0.0.1"],
            ["127.0.0.1", "8.8.8.8"],
            ["169.254.169.254"],
            ["::ffff:127.0.0.1"],
            ["fe80::1%eth0"],
        ],
    )
    def test_a_name_is_not_called_when_any_of_its_addresses_is_inside(
        self, open_client, settings, answers
    ):
        settings.EGRESS_ALLOW = []
        client = open_client(look_up=lambda host, port: answers)
        with http_peer() as peer, pytest.raises(EgressRefused):
            client.perform(get(f"http://{NAME}:{peer.port}/"))
        assert peer.asked == []

    def test_the_address_that_was_checked_is_the_one_that_is_called(self, open_client, settings):
        settings.EGRESS_ALLOW = ["127.0.0.1"]
        changing = iter([["127.0.0.1"], ["10.0.0.1"]])
        client = open_client(look_up=lambda host, port: next(changing))
        with http_peer() as peer:
            assert client.perform(get(f"http://{NAME}:{peer.port}/")).status == 200
        assert peer.asked[0].headers["host"] == f"{NAME}:{peer.port}"
        assert next(changing) == ["10.0.0.1"]

    def test_a_listed_name_is_called_wherever_it_leads(self, open_client, settings):
        settings.EGRESS_ALLOW = [NAME]
        client = open_client(look_up=loopback)
        with http_peer() as peer:
            assert client.perform(get(f"http://{NAME}:{peer.port}/")).status == 200

    def test_a_name_in_another_script_is_looked_up_in_ascii(self, open_client, settings):
        settings.EGRESS_ALLOW = ["127.0.0.1"]
        looked_up = []

        def look_up(host, port):
            looked_up.append(host)
            return ["127.0.0.1"]

        client = open_client(look_up=look_up)
        with http_peer() as peer:
            client.perform(get(f"http://b\u00fccher.example:{peer.port}/"))
        assert looked_up == ["xn--bcher-kva.example"]


class TestErrors:
    def test_they_hold_no_url_no_address_and_no_secret(self, client):
        def failing(asked):
            return Answer(hang_up=True)

        with http_peer(failing) as peer, socket.create_server(("127.0.0.1", 0)) as server:
            refused = server.getsockname()[1]
            server.close()
            path = "/to/+4915112345678?api_key=s3cr3t"
            urls = [
                f"{peer.url}{path}",
                f"http://127.0.0.1:{refused}{path}",
                f"https://127.0.0.1:{peer.port}{path}",
                f"http://10.0.0.1{path}",
                f"http://unknown.invalid:99999{path}",
                f"gopher://127.0.0.1{path}",
            ]
            for url in urls:
                error = client.submit(post(url)).exception()
                assert isinstance(error, TransportError)
                assert error.__cause__ is None
                assert error.__context__ is None
                for word in ("127", "10.0", "4915", "s3cr3t", "http", "invalid", str(peer.port)):
                    assert word not in repr(error)


class TestClosing:
    def test_what_is_in_the_air_ends_with_what_is_known_of_it(self, client):
        with (
            http_peer(lambda asked: Answer(delay=60)) as peer,
            raw_peer(lambda connection: None) as mute,
        ):
            written = client.submit(post(peer.url, timeout=60))
            peer.wait_for(1)
            connecting = client.submit(post(f"https://127.0.0.1:{mute.port}/", timeout=60))
            client.close()
            done, _ = wait([written, connecting], timeout=10)
        assert len(done) == 2
        assert isinstance(written.exception(), NoAnswer)
        assert isinstance(connecting.exception(), NotSent)

    def test_a_closed_client_sends_nothing_and_may_be_closed_again(self, client):
        client.close()
        client.close()
        with http_peer() as peer, pytest.raises(NotSent, match="^the client was closed$"):
            client.perform(get(peer.url))
        assert peer.asked == []


class TestTheClientOfTheProcess:
    @pytest.fixture(autouse=True)
    def _closed(self):
        yield
        http.close_http_client()

    def test_it_is_one(self):
        assert http_client() is http_client()

    def test_after_it_was_closed_there_is_a_new_one(self):
        first = http_client()
        http.close_http_client()
        with http_peer() as peer:
            assert http_client().perform(get(peer.url)).status == 200
        assert http_client() is not first

    def test_a_fork_has_its_own_and_leaves_the_parents_alone(self):
        with http_peer() as peer:
            http_client().perform(get(f"{peer.url}/parent"))
            child = os.fork()
            if child == 0:
                os._exit(0 if http_client().perform(get(f"{peer.url}/child")).status == 200 else 1)
            assert os.waitpid(child, 0)[1] == 0
            http_client().perform(get(f"{peer.url}/parent"))
        assert [asked.path for asked in peer.asked] == ["/parent", "/child", "/parent"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000, b'{"a": 1,}'])
def test_an_answer_that_is_not_json_says_so_and_quotes_nothing(body):
    with pytest.raises(ValueError, match="^the answer is not JSON$") as refusal:
        HttpAnswer(status=200, body=body).json()
    assert refusal.value.__context__ is None
