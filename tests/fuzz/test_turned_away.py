"""What the web server itself refuses before there is a request: nothing of ours is asked.

docs/reliability.md tells of it. The nginx that we propose turns all of it into the protocol.
"""

import json
import socket
import ssl
from collections.abc import Iterator

import pytest

from gateway_project.lib.protocol import ErrorCode
from tests import factories
from tests.fuzz.requests import (
    BAD_REQUEST,
    MOST_HEADERS,
    NO_ANSWER,
    REFUSED_FRAMINGS,
    TOO_MANY_HEADERS,
)
from tests.nginx import nginx
from tests.operations.web_server import web_server

SEND = "/api/v1/sms"
URI_TOO_LONG = 414
LONGEST_URI = 65_534
BODY = json.dumps({"ext_user_id": "somebody", "body": "Best offer ever", "im_uid": "1"}).encode()
Headers = tuple[tuple[str, str], ...]
LENGTH: Headers = (("Content-Length", str(len(BODY))),)
CHUNKED: Headers = (("Transfer-Encoding", "chunked"),)


@pytest.fixture
def port(transactional_db, tmp_path) -> Iterator[int]:
    label = factories.LabelFactory(callback_url=factories.CALLBACK_URL)
    factories.KeyFactory(label=label)
    factories.GatewayFactory(label=label)
    factories.EndUserFactory(label=label, ext_user_id="somebody")
    with web_server(tmp_path) as port:
        yield port


def request(
    headers: Headers = LENGTH,
    body: bytes = BODY,
    *,
    method: str = "POST",
    path: str = SEND,
    version: str = "HTTP/1.1",
    count: int = 0,
) -> bytes:
    """With so many headers, where that is more than it has."""
    given = [
        *(("Host", "localhost"), ("Connection", "close"), ("Authorization", factories.SECRET)),
        *headers,
    ]
    given += [("X-More", "x")] * (count - len(given))
    lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in given)]
    return "\r\n".join([*lines, "", ""]).encode() + body


TURNED_AWAY = [
    *((request(framing, b""), BAD_REQUEST, ErrorCode.NO_SUCH_CALL) for framing in REFUSED_FRAMINGS),
    (request(CHUNKED, b"", version="HTTP/1.0"), BAD_REQUEST, ErrorCode.NO_SUCH_CALL),
    (request(version="HTTP/2.0"), BAD_REQUEST, ErrorCode.NO_SUCH_CALL),
    (request((("A header", "x"), *LENGTH)), BAD_REQUEST, ErrorCode.NO_SUCH_CALL),
    (request(count=MOST_HEADERS + 1), TOO_MANY_HEADERS, ErrorCode.TOO_LARGE),
    (request(method="CONNECT"), NO_ANSWER, ErrorCode.NO_SUCH_CALL),
]
TRAILED = request(CHUNKED, b"%x\r\n%s\r\n0\r\nX-A: b\r\n\r\n" % (len(BODY), BODY))


def said(port: int, data: bytes, *, over_tls: bool = False) -> tuple[int, bytes]:
    """The status and the body of the answer."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        connection = context.wrap_socket(plain) if over_tls else plain
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split(b" ")[1]) if head else NO_ANSWER), body


def error_code(answer: tuple[int, bytes]) -> int:
    status, body = answer
    assert status == 200
    return int(json.loads(body)["error_code"])


def test_the_web_server_itself_refuses_these_and_no_others_like_them(port):
    for data, status, _ in TURNED_AWAY:
        assert said(port, data) == (status, b""), data[:200]
    too_long = request(path=SEND.ljust(LONGEST_URI + 1, "x"))  # nginx has a limit of its own
    assert said(port, too_long) == (URI_TOO_LONG, b"")
    assert error_code(said(port, TRAILED)) == ErrorCode.NOT_JSON

    assert error_code(said(port, request(count=MOST_HEADERS))) == 0
    longest = request(path=f"{SEND}?".ljust(LONGEST_URI, "x"))
    assert error_code(said(port, longest)) == 0


@pytest.mark.nginx
def test_behind_nginx_each_of_them_is_answered_in_the_protocol(port):
    with nginx(port) as proxy:
        for data, _, code in TURNED_AWAY:
            answer = said(proxy, data, over_tls=True)
            assert error_code(answer) == code, (data[:200], answer)
        assert error_code(said(proxy, TRAILED, over_tls=True)) == 0
