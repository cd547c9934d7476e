"""The nginx that we propose answers on Smartico's paths as the gateway does, also by itself."""

import json
import socket
import ssl
from http.client import HTTPResponse, HTTPSConnection

import pytest
from django.test import RequestFactory

from gateway_project.lib.protocol import ErrorCode
from gateway_project.operations.metrics import calls_from_inside
from tests.nginx import nginx
from tests.operations.surroundings import free_port
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.nginx

SEND = "/api/v1/email"
STATUS = "/callbacks/status?type=email"
PROTOCOL_PATHS = (SEND, "/api/v1/custom-im/my-messenger", "/api/v1", STATUS)
ODD_PATHS = (
    *("/%61pi/v1/sms", "/API/v1/sms", "/x/../api/v1/sms", "/api//v1/./sms", "//callbacks%2fstatus"),
    *(f"https://localhost{SEND}", f"http://localhost:99{STATUS}"),
)
"""As the gateway reads them they are Smartico's, too."""
OTHER_PATHS = (
    "/callbacks/webhooks/token",
    "/platform/v1/users",
    "/admin/",
    "/api/v1x",
    "/x?/api/v1",
)


def ask(port, path, method="POST", body=b"{}", headers=None, caller="127.0.0.1"):
    """The HTTP status and the body, as JSON where it is JSON."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    here = (caller, 0)
    connection = HTTPSConnection(
        "127.0.0.1", port, timeout=20, context=context, source_address=here
    )
    try:
        connection.request(method, path, body, {"Host": "localhost", **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        is_json = answer.headers["content-type"] == "application/json"
        return answer.status, json.loads(text) if is_json else text
    finally:
        connection.close()


def say(port, data):
    """The HTTP status and the body of the answer to these bytes."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        context.wrap_socket(plain) as tls,
    ):
        tls.sendall(data)
        answer = HTTPResponse(tls)
        answer.begin()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text.startswith("{") else text


def told(code: ErrorCode):
    return 200, {"error_code": int(code), "error_message": code.text}


@pytest.fixture(scope="module")
def behind_nothing():
    """nginx, and no gateway behind it."""
    with nginx(free_port()) as port:
        yield port


@pytest.fixture(scope="module")
def gateway():
    with http_peer(
        lambda asked: Answer(503 if "busy" in asked.path else 200, body=b"as it is")
    ) as peer:
        yield peer


@pytest.fixture(scope="module")
def port(gateway):
    with nginx(gateway.port) as port:
        yield port


@pytest.mark.parametrize("path", PROTOCOL_PATHS + ODD_PATHS)
def test_smartico_is_asked_to_try_again_while_the_gateway_is_down(behind_nothing, path):
    assert ask(behind_nothing, path) == told(ErrorCode.UNAVAILABLE)


@pytest.mark.parametrize("path", OTHER_PATHS)
def test_others_are_told_so_by_the_http_status(behind_nothing, path):
    assert ask(behind_nothing, path)[0] == 503


def test_a_file_of_the_back_office_may_take_longer_to_be_made():
    limit = {"proxy_read_timeout 30s": "proxy_read_timeout 1s"}
    with (
        http_peer(lambda asked: Answer(body="a;b", delay=3)) as slow,
        nginx(slow.port, **limit) as port,
    ):
        assert ask(port, "/admin/gateways/auditentry/export/") == (200, "a;b")
        assert slow.asked[0].headers["x-forwarded-proto"] == "https"


def test_smartico_is_asked_to_try_again_when_the_gateway_is_too_slow():
    with http_peer(lambda asked: Answer(delay=10)) as slow:
        with nginx(slow.port, **{"proxy_read_timeout 30s": "proxy_read_timeout 1s"}) as port:
            assert ask(port, SEND) == told(ErrorCode.UNAVAILABLE)
        assert len(slow.asked) == 1


@pytest.mark.parametrize("path", PROTOCOL_PATHS)
def test_a_body_that_is_too_large_is_refused_in_the_protocol(port, path):
    assert ask(port, path, body=b"x" * (7 * 1024 * 1024 + 1)) == told(ErrorCode.TOO_LARGE)


def test_a_body_as_large_as_the_gateway_takes_gets_through(port, gateway):
    body = b"x" * 6 * 1024 * 1024

    assert ask(port, SEND, body=body) == (200, "as it is")
    assert gateway.asked[-1].body == body


def test_a_header_and_a_line_that_are_too_long_are_refused_in_the_protocol(gateway):
    short = {"large_client_header_buffers 4 16k": "large_client_header_buffers 4 2k"}
    long = "x" * 3_000  # over one buffer, and written before nginx hangs up
    with nginx(gateway.port, **short) as port:
        assert ask(port, SEND, headers={"Authorization": long}) == told(ErrorCode.TOO_LARGE)
        assert ask(port, f"{SEND}?{long}") == told(ErrorCode.TOO_LARGE)
        assert ask(port, f"/admin/?{long}")[0] == 413


@pytest.mark.parametrize("path", ["/health/ready", "/health/live/", "//metrics", "/metrics"])
def test_how_the_house_does_is_told_to_its_own_networks_only(gateway, path):
    with nginx(gateway.port, **{"allow 127.0.0.1": "allow 192.0.2.1"}) as port:
        assert ask(port, path, "GET")[0] == 403
        assert ask(port, "/healthy", "GET") == (200, "as it is")


@pytest.mark.parametrize("is_near", [True, False])
def test_nobody_opens_the_metrics_by_saying_that_he_calls_from_inside(gateway, settings, is_near):
    settings.TRUSTED_PROXIES, settings.METRICS_ALLOW = 1, ["127.0.0.1"]
    forged = {"X-Forwarded-For": "127.0.0.1" if not is_near else "203.0.113.9"}
    caller = "127.0.0.1" if is_near else "127.0.0.2"
    with nginx(gateway.port, **{"allow 127.0.0.1": "allow 127.0.0.0/8"}) as port:
        for headers in (forged, {}):
            ask(port, "/metrics", "GET", headers=headers, caller=caller)
            said = gateway.asked[-1].headers["x-forwarded-for"]
            asked = RequestFactory().get("/metrics", headers={"X-Forwarded-For": said})
            assert calls_from_inside(asked) is is_near


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((status, ErrorCode.NO_SUCH_CALL) for status in (400, 405, 411, 417, 501, 505)),
        *((status, ErrorCode.TOO_LARGE) for status in (413, 414, 431)),
        *((status, ErrorCode.UNAVAILABLE) for status in (500, 502, 503, 504)),
    ],
)
def test_what_the_web_server_itself_refuses_is_told_in_the_protocol(status, code):
    with http_peer(lambda asked: Answer(status)) as bare, nginx(bare.port) as port:
        for path in (SEND, "/API/v1/sms", STATUS):
            assert ask(port, path) == told(code)
        assert ask(port, "/callbacks/webhooks/token") == (status, "")


def test_what_the_gateway_itself_answers_passes_as_it_is(port):
    assert ask(port, "/callbacks/webhooks/busy") == (503, "as it is")
    assert ask(port, SEND) == (200, "as it is")


def test_the_gateway_is_told_who_calls_and_not_what_the_caller_says_of_it(port, gateway):
    ask(port, SEND, headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"})

    headers = gateway.asked[-1].headers
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["host"] == "localhost"


def test_a_request_goes_on_only_when_all_of_it_has_come(port, gateway):
    before = len(gateway.asked)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain) as tls,
    ):
        tls.sendall(
            f"POST {SEND} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123".encode()
        )
        assert ask(port, "/health/live", "GET") == (200, "as it is")
        assert [asked.path for asked in gateway.asked[before:]] == ["/health/live"]
        tls.sendall(b"4567890")
        assert b" 200 " in tls.recv(4096)
    assert gateway.asked[-1].body == b"1234567890"


def test_a_post_is_never_repeated_by_nginx():
    with http_peer(lambda asked: Answer(hang_up=True)) as lost, nginx(lost.port) as port:
        assert ask(port, SEND) == told(ErrorCode.UNAVAILABLE)
        assert len(lost.asked) == 1


@pytest.mark.parametrize(
    "request_text",
    [
        f"POST {SEND} HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}",
        f"POST {SEND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        f"POST {SEND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        f"POST {SEND} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n",
        f"POST {SEND} HTTP/2.0\r\nHost: x\r\n\r\n",
        f"POST {SEND} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        f"CONNECT {SEND} HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_not_answered_with_a_page_on_smarticos_paths(port, request_text):
    assert say(port, request_text.encode()) == told(ErrorCode.NO_SUCH_CALL)
