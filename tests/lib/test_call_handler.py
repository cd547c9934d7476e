"""What answers machines answers as Django's own handler does."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

from gateway_project.lib import call_handler
from gateway_project.lib.call_handler import CallHandler

pytestmark = pytest.mark.django_db

closed = []


def with_cookies(request):
    response = HttpResponse(b"\xff\x00 bytes", status=202, headers={"X-Own": "1"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    response._resource_closers.append(lambda: closed.append("whole"))
    return response


def streamed(request):
    response = StreamingHttpResponse(iter([b"one ", b"two"]))
    response._resource_closers.append(lambda: closed.append("streamed"))
    return response


def broken(request):
    raise RuntimeError


urlpatterns = [path("cookies", with_cookies), path("streamed", streamed), path("broken", broken)]


@pytest.fixture
def pages(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    settings.DEBUG_PROPAGATE_EXCEPTIONS = False
    closed.clear()


def asked(handler, where, **told):
    begun = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": where,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        **told,
    }
    response = handler(environ, lambda *told: begun.append(told))
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    return begun, body


@pytest.mark.parametrize("where", ["/cookies", "/streamed", "/nowhere", "/broken"])
def test_status_headers_and_body_are_those_of_djangos_own(pages, where):
    assert asked(CallHandler(WSGIHandler()), where) == asked(WSGIHandler(), where)


@pytest.mark.parametrize(
    "where", ["/api/v1/sms", "/api/v1/nothing", "/callbacks/status", "/callbacks/provider/x"]
)
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
def test_machines_paths_are_answered_alike(where, method):
    told = {"REQUEST_METHOD": method}
    assert asked(CallHandler(WSGIHandler()), where, **told) == asked(WSGIHandler(), where, **told)


@pytest.mark.parametrize(("where", "what"), [("/cookies", "whole"), ("/streamed", "streamed")])
def test_what_a_request_had_open_is_closed_once(pages, where, what):
    asked(CallHandler(WSGIHandler()), where)
    assert closed == [what]


def test_no_signal_is_sent_around_a_short_answer(pages):
    heard = []

    def hear(**told):
        heard.append(told["signal"])

    for signal in (request_started, request_finished):
        signal.connect(hear)
    try:
        asked(CallHandler(WSGIHandler()), "/cookies")
        assert heard == []
        asked(WSGIHandler(), "/cookies")
        assert heard == [request_started, request_finished]
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(hear)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_connection_that_the_thread_has_after_all_is_looked_after(pages, monkeypatch, is_there):
    looked = []
    here = SimpleNamespace(connection=object() if is_there else None)
    monkeypatch.setattr(call_handler, "connection", here)
    monkeypatch.setattr(call_handler, "close_old_connections", lambda: looked.append(1))
    asked(CallHandler(WSGIHandler()), "/cookies")
    assert bool(looked) == is_there
