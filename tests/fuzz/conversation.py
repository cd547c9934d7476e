"""One request on a connection of its own, and whether its answer is one of those that may be."""

import contextlib
import json
import re
import socket
from urllib.parse import unquote

from gateway_project.lib.protocol_middleware import is_protocol_path
from tests.fuzz.house import Fuzzed
from tests.fuzz.requests import CANARIES, NO_ANSWER, Sent

SECONDS = 60
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
"""What is no HTTP any more may be two requests, and have two answers."""
TURNED_AWAY = {400, 414, 431}
"""What the web server itself answers to what is no HTTP."""


def talk(server: Fuzzed, sent: Sent) -> bytes:
    """All that came back. What is no HTTP may be without an end, so it is given one."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as connection:
        parts: list[bytes] = []
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            connection.sendall(sent.data)
            if not sent.is_http:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65_536):
                parts.append(part)
        return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def assert_answered(server: Fuzzed, sent: Sent, answer: bytes) -> None:
    """On Smartico's paths: 200 and `error_code`, but to what the web server itself refuses."""
    if sent.refusal is not None:
        assert_turned_away(sent, answer)
        return
    if not sent.is_http and (not answer or status_of(answer) in TURNED_AWAY):
        return
    if not _asks_for_smarticos_path(sent):
        assert_refused_at_most(server, sent, answer)
        return
    assert answer, "it was hung up on"
    assert status_of(answer) == 200, answer[:200]
    body = _body(server, answer)
    if not sent.is_head and (sent.is_http or body):
        told = json.loads(body)
        assert isinstance(told["error_code"], int)
        assert told["error_code"] not in (50, 99), told


def assert_turned_away(sent: Sent, answer: bytes) -> None:
    """As it is documented, and without a word."""
    assert (status_of(answer) if answer else NO_ANSWER) == sent.refusal, answer[:200]
    assert not answer.partition(b"\r\n\r\n")[2]


def assert_refused_at_most(server: Fuzzed, sent: Sent, answer: bytes) -> None:
    """Elsewhere: anything but an error of ours."""
    if answer:
        assert 200 <= status_of(answer) < 500, answer[:200]
        _body(server, answer)


def _asks_for_smarticos_path(sent: Sent) -> bool:
    """A changed byte may have made another path of it, which is not found."""
    _, _, rest = sent.data.partition(b" ")
    path = re.split(rb"[ ?\r\n]", rest, maxsplit=1)[0].decode("latin-1")
    return is_protocol_path(unquote(path))


def _body(server: Fuzzed, answer: bytes) -> str:
    head, _, rest = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    text = rest[: int(length[1]) if length else None].decode()
    for canary in CANARIES:
        assert canary not in text
        assert canary.encode() not in head
    server.answers.add(text)
    return text
