"""What passes for an answer to what is no HTTP any more."""

from pathlib import Path

import pytest

from tests.fuzz.conversation import assert_answered
from tests.fuzz.house import Fuzzed
from tests.fuzz.requests import Sent, is_http

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def server() -> Fuzzed:
    return Fuzzed(port=0, token="", log=Path(), answers=set())


def test_a_changed_byte_may_have_made_a_path_of_it_that_is_not_found(server):
    assert_answered(server, Sent(b"POST /api/v[1/sms HTTP/1.1\r\n\r\n", is_http=False), NOT_FOUND)


@pytest.mark.parametrize("path", [b"/api/v1/sms", b"/API//v1/sms?a=b", b"/api/v1/%73ms"])
def test_smarticos_own_paths_are_always_found(server, path):
    with pytest.raises(AssertionError, match="404"):
        assert_answered(server, Sent(b"POST " + path + b" HTTP/1.1\r\n", is_http=False), NOT_FOUND)


BARE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
ANSWERED = b'HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{"error_code": 0}'


@pytest.mark.parametrize("answer", [BARE, b""])
def test_what_is_http_all_the_same_has_to_be_answered(server, answer):
    for headers, body in (
        (b"Content-Length: 2", b"{}"),
        (b"transfer-encoding:chunked ", b"2;a=b\r\n{}\r\n0\r\n\r\n"),
    ):
        lines = (b"POST /api/v1/sms HTTP/1.1", b"Connection: close", b"X:\xe9", headers, b"", body)
        data = b"\r\n".join(lines)
        assert is_http(data)
        with pytest.raises(AssertionError):
            assert_answered(server, Sent(data, is_http=is_http(data)), answer)


@pytest.mark.parametrize(
    "change",
    [
        {b" HTTP/1.1": b" HTTP/1.2"},
        {b"POST": b"CONNECT"},
        {b"/sms": b"/s\xffms"},
        {b"Length: 2": b"Length: 3"},
        {b"Length: 2": b"Length: 2\r\nExpect: x"},
        {b"Length: 2": b"Length: 2\r\n folded"},
        {b"Length: 2": b"Length: 2" + b"\r\nX: y" * 99},
        {
            b"Content-Length: 2": b"Transfer-Encoding: chunked",
            b"{}": b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",
        },
    ],
)
def test_what_is_in_doubt_may_be_turned_away_but_not_by_us(server, change):
    data = b"POST /api/v1/sms HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    assert is_http(data)
    for old, new in change.items():
        data = data.replace(old, new)
    sent = Sent(data, is_http=is_http(data))
    assert not sent.is_http
    assert_answered(server, sent, BARE)
    if b"/sms" in data:
        with pytest.raises(AssertionError):
            assert_answered(server, sent, BARE.replace(b"400", b"405"))


def test_what_the_web_server_refuses_has_to_be_refused_without_a_word(server):
    refused = Sent(b"POST /api/v1/sms HTTP/1.1\r\n\r\n", is_http=True, refusal=400)
    assert_answered(server, refused, BARE)
    for answer in (ANSWERED, BARE.replace(b"400", b"431"), BARE + b"x", b""):
        with pytest.raises(AssertionError):
            assert_answered(server, refused, answer)
