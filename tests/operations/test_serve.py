"""The web server as it is run: what it makes of requests before Django sees them."""

import json
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection, transaction

from gateway_project.lib.turns import LONG
from gateway_project.operations.cores import usable_cores
from messages_app.models import Message
from tests import factories
from tests.gateways.providers.accounts.http_api import CONFIG as API
from tests.operations.held_wire import wire
from tests.operations.surroundings import database_url, wait_until
from tests.operations.web_server import web_server
from tests.raw_peers import reset

CALLERS = 100
PATH = "/api/v1/sms"
SECRET = factories.SECRET.encode()
HANG_UPS = 12
STALLERS = 600


@pytest.fixture
def port(transactional_db, tmp_path):
    """A real web server in front of a label that has a gateway for SMS and one user."""
    label = factories.LabelFactory(callback_url=factories.CALLBACK_URL)
    factories.KeyFactory(label=label)
    factories.GatewayFactory(label=label)
    factories.EndUserFactory(label=label, ext_user_id="somebody")
    with web_server(tmp_path) as port:
        yield port


def body(uid="1"):
    return json.dumps(
        {"ext_user_id": "somebody", "body": "Best offer ever", "im_uid": uid}
    ).encode()


def request(number):
    whole = body(str(number))
    return head(Content_Length=len(whole)) + whole


def talk(port, *parts):
    """Sends the parts, reads until the server has closed: status lines, headers and bodies."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def head(method="POST", path=PATH, authorization=SECRET, **headers):
    headers = {"Host": "anything", **headers}
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}".encode() for name, value in headers.items()]
    return b"\r\n".join([*lines, b"Authorization: " + authorization, b"", b""])


def error_code(answer):
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer[:200]
    assert b"set-cookie" not in answer.lower()
    return json.loads(answer.rpartition(b"\r\n\r\n")[2])["error_code"]


def chunked(data, size):
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def test_bodies_come_through_however_they_are_sent(port):
    whole = talk(port, head(Content_Length=len(body())), body())
    in_chunks = talk(port, head(Transfer_Encoding="chunked"), chunked(body(), 7))
    assert error_code(whole) == error_code(in_chunks) == 0
    assert whole.rpartition(b"\r\n")[2] == in_chunks.rpartition(b"\r\n")[2]


@pytest.mark.parametrize("end", [b"", b"5\r\n", b"0\r\n", b"no size\r\n"])
def test_chunks_that_were_cut_are_no_request_however_whole_they_look(port, end):
    whole = b"%x\r\n%s\r\n" % (len(body()), body())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as leaving:
        leaving.sendall(head(Transfer_Encoding="chunked") + whole + end)
        leaving.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: leaving.recv(65536), b""))
    assert not answer or error_code(answer) == 20
    assert not Message.objects.exists()


def test_callers_who_hang_up_before_the_answer_are_told_the_id_of_what_was_accepted(port):
    for number in range(HANG_UPS):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as leaving:
            leaving.sendall(request(number))
            if not number:  # this one's message is committed, and its answer never read
                select.select([leaving], [], [], 30)
            if number % 2 == 0:
                reset(leaving)
    wait_until(Message.objects.filter(uid="0").exists)
    before = dict(Message.objects.values_list("uid", "pk"))
    told = {}
    for number in range(HANG_UPS):
        answer = talk(port, request(number))
        assert error_code(answer) == 0
        told[str(number)] = json.loads(answer.rpartition(b"\r\n\r\n")[2])["ext_message_id"]
    rows = dict(Message.objects.values_list("uid", "pk"))
    assert {uid: str(pk) for uid, pk in rows.items()} == told
    assert before.items() <= rows.items()


def test_a_caller_who_waits_to_be_asked_for_the_body_is_asked(port):
    answer = talk(port, head(Content_Length=len(body()), Expect="100-continue"), body())
    first, _, rest = answer.partition(b"\r\n\r\n")
    assert first == b"HTTP/1.1 100 Continue"
    assert error_code(rest) == 0


def test_a_caller_who_stalls_is_answered_and_stops_nobody_else(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as stalled:
        stalled.sendall(head(Content_Length=len(body())) + body()[:-1])
        assert stalled.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        for _ in range(usable_cores()):  # each of the server's processes
            assert error_code(talk(port, head(Content_Length=len(body())), body())) == 0


def unanswered(connections):
    """How many of them have nothing to read."""
    poll = select.poll()
    for each in connections:
        poll.register(each, select.POLLIN)
    return len(connections) - len(poll.poll(0))


def test_hundreds_who_hold_their_bodies_back_hold_up_nobody(port):
    with ExitStack() as stack:
        stallers = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
            for _ in range(STALLERS)
        ]
        for number, stalled in enumerate(stallers):
            stalled.sendall(request(number)[:-1])
        assert error_code(talk(port, request("good"))) == 0
        alive = talk(port, head(method="GET", path="/health/live"))
        assert alive.startswith(b"HTTP/1.1 200 OK")
        assert unanswered(stallers) == STALLERS, "they were not waited for"
        for stalled in stallers:
            assert b'"error_code": ' in stalled.recv(65536)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_is_answered(port, is_chunked):
    data = b"x" * (settings.BODY_LIMIT + 3_000_000)
    if is_chunked:
        answer = talk(port, head(Transfer_Encoding="chunked"), chunked(data, 1_000_000))
    else:
        answer = talk(port, head(Content_Length=len(data)), data)
    assert error_code(answer) == 21


@pytest.mark.parametrize("secret", [b"x" * 65_536, b"\xff\xfe\xe4", b""])
def test_any_authorization_is_answered(port, secret):
    answer = talk(port, head(authorization=secret, Content_Length=len(body())), body())
    assert error_code(answer) == 10


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "BREW"])
def test_other_methods_are_answered_in_the_protocol(port, method):
    assert error_code(talk(port, head(method=method))) == 12


def test_head_is_answered_without_a_body(port):
    answer = talk(port, head(method="HEAD"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_a_database_that_somebody_keeps_is_temporary(port):
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {Message._meta.db_table}")
        assert error_code(talk(port, head(Content_Length=len(body())), body())) == 50
    assert error_code(talk(port, head(Content_Length=len(body())), body())) == 0


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_webhook_over_the_houses_limit_is_too_large(transactional_db, tmp_path, is_chunked):
    """And not one whose sender did not prove itself, whatever was not received of it."""
    gateway = factories.GatewayFactory(provider="http_api", config=API)
    path = f"/callbacks/webhooks/{gateway.token.reveal()}"
    form = {"Content_Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}
    data = b"a=" + b"x" * 200_000
    with web_server(tmp_path, BODY_LIMIT="100000") as port:
        if is_chunked:
            answer = talk(
                port, head(path=path, Transfer_Encoding="chunked", **form), chunked(data, 50_000)
            )
        else:
            answer = talk(port, head(path=path, Content_Length=len(data), **form), data)
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]


@pytest.mark.postgresql
def test_a_silent_database_is_temporary_for_everybody_and_liveness_does_not_ask_it(port, tmp_path):
    host, there = "127.0.0.1", int(connection.settings_dict["PORT"] or 5432)
    with wire(host, there) as held:
        url = database_url().replace(f":{there}/", f":{held.port}/")
        with web_server(tmp_path, DATABASE_URL=url) as port:
            assert error_code(talk(port, head(Content_Length=len(body())), body())) == 0
            held.hold()
            with ThreadPoolExecutor(CALLERS) as callers:
                post = [head(Content_Length=len(body())), body()]
                answers = list(callers.map(lambda _: talk(port, *post), range(CALLERS)))
            assert {error_code(answer) for answer in answers} == {50}
            alive = talk(port, head(method="GET", path="/health/live"))
            assert alive.startswith(b"HTTP/1.1 200 OK")
            held.release()
            wait_until(lambda: error_code(talk(port, *post)) == 0)


def test_a_header_that_only_looks_like_one_of_the_proxys_is_none(transactional_db, tmp_path):
    label = factories.LabelFactory(allowed_ips=["203.0.113.7"], callback_url=factories.CALLBACK_URL)
    factories.KeyFactory(label=label)
    there = b"203.0.113.7"
    with web_server(tmp_path, TRUSTED_PROXIES="1") as port:
        whole = head(Content_Length=len(body()))
        spoofed = whole.replace(b"Host:", b"X_Forwarded_For: " + there + b"\r\nHost:")
        passed_on = spoofed.replace(b"X_Forwarded_For", b"X-Forwarded-For")
        assert error_code(talk(port, spoofed, body())) == 11
        assert error_code(talk(port, passed_on, body())) == 1


def test_a_query_may_hold_any_letters(port):
    path = "/callbacks/status?type=sms&ext_message_id=1&status=\u0434\u043e&api_key=\u00e9"
    assert error_code(talk(port, head(method="GET", path=path))) == 10


def test_a_proxys_header_that_cannot_be_read_is_not_overlooked(port):
    plain = head(method="GET", path="/metrics")
    assert talk(port, plain).startswith(b"HTTP/1.1 200 ")
    passed_on = plain.replace(b"Host:", b"X-Forwarded-For: \xff\r\nHost:")
    assert not talk(port, passed_on).startswith(b"HTTP/1.1 200 ")


def test_the_admin_has_its_style_without_a_second_server(port):
    answer = talk(port, head(method="GET", path="/static/admin/css/base.css"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"text/css" in answer


def test_a_long_answer_comes_whole(port):
    path = "/static/admin/js/vendor/xregexp/xregexp.js"
    whole = Path(finders.find(path.removeprefix("/static/"))).read_bytes()
    answer = talk(port, head(method="GET", path=path))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(whole) > LONG
    assert answer.endswith(b"\r\n\r\n" + whole)
